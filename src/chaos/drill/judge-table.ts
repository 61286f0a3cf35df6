/**
 * The table that a drill prints: one row a fault, no wider than the terminal asked for (120 columns
 * at least), long cells broken into lines; the reasons behind it follow below. Pure.
 */
import type { DrillRow, TriedStrategy } from "./drill-row.ts";

interface Column {
  readonly title: string;
  readonly columns: number;
  readonly isNumber?: boolean;
  cell(row: DrillRow): string;
}

const gap = "  ";
const columnsMin = 120;

const columns: readonly Column[] = [
  { title: "", columns: 3, cell: ({ fault }) => fault },
  { title: "fault", columns: 20, cell: ({ title }) => title },
  {
    title: "detected after",
    columns: 8,
    isNumber: true,
    cell: (row) => duration(row.detectedAfterMs),
  },
  { title: "diagnosed as", columns: 15, cell: ({ diagnosedAs }) => diagnosedAs.join(", ") || "-" },
  {
    title: "strategies tried",
    columns: 18,
    cell: ({ strategies }) => strategies.map(attempt).join(", ") || "-",
  },
  { title: "healed by", columns: 14, cell: ({ healedBy }) => healedBy ?? "-" },
  { title: "healed after", columns: 7, isNumber: true, cell: healedAfter },
  {
    title: "requests that failed",
    columns: 11,
    isNumber: true,
    cell: ({ requests, failedRequests }) =>
      requests === 0 ? "-" : `${grouped(failedRequests)} of ${grouped(requests)}`,
  },
  { title: "verdict", columns: 8, cell: ({ verdict }) => verdict.kind.replace("failed", "FAILED") },
];

/** Ends with a line break. */
export function judgeTable(
  rows: readonly DrillRow[],
  options: { readonly columns?: number } = {},
): string {
  const spare = Math.max(0, (options.columns ?? columnsMin) - columnsMin);
  const widths = columns.map((column, index) => column.columns + (index === 1 ? spare : 0));
  const rule = widths.map((width) => "-".repeat(width)).join(gap);
  const lines = [
    ...rowLines(
      columns.map(({ title }) => title),
      widths,
    ),
    rule,
    ...rows.flatMap((row) =>
      rowLines(
        columns.map((column) => column.cell(row)),
        widths,
      ),
    ),
    rule,
    ...rows.flatMap(notes),
    summary(rows),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** Nothing failed; what is not possible on this machine does not count. */
export function isPassed(rows: readonly DrillRow[]): boolean {
  return rows.every(({ verdict }) => verdict.kind !== "failed");
}

function rowLines(cells: readonly string[], widths: readonly number[]): readonly string[] {
  const broken = cells.map((cell, index) => breakLines(cell, widths[index] ?? 0));
  const height = Math.max(...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    broken
      .map((lines, index) => {
        const text = lines[line] ?? "";
        const width = widths[index] ?? 0;
        return columns[index]?.isNumber === true ? text.padStart(width) : text.padEnd(width);
      })
      .join(gap),
  );
}

/** Breaks after a space or an underscore; a word that is still too long is cut. */
export function breakLines(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/[^ _]*[ _]?/g)?.filter((each) => each !== "") ?? []) {
    if ((line + piece).trimEnd().length > width && line !== "") {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
    while (line.trimEnd().length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  if (line.trimEnd() !== "" || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}

function attempt({ name, outcome }: TriedStrategy): string {
  if (outcome === "helped") return name;
  return `${name} (${outcome === "undone" ? "no help, undone" : outcome})`;
}

function notes(row: DrillRow): readonly string[] {
  const { fault, verdict } = row;
  if (verdict.kind === "not here") return [`${fault}: not here: ${verdict.reason}`];
  if (verdict.kind === "failed") return verdict.reasons.map((reason) => `${fault}: ${reason}`);
  const undone = row.strategies.filter(({ outcome }) => outcome === "undone");
  if (undone.length === 0) return [];
  const names = undone.map(({ name }) => name).join(", ");
  return [`${fault}: ${names} did not help and was taken back, then ${row.healedBy} healed it`];
}

function summary(rows: readonly DrillRow[]): string {
  const count = (kind: DrillRow["verdict"]["kind"]): number =>
    rows.filter(({ verdict }) => verdict.kind === kind).length;
  const requests = rows.reduce((sum, row) => sum + row.requests, 0);
  const failed = rows.reduce((sum, row) => sum + row.failedRequests, 0);
  return (
    `${count("healed")} healed, ${count("quiet")} quiet, ${count("not here")} not here, ` +
    `${count("failed")} failed; ${grouped(failed)} of ${grouped(requests)} requests failed`
  );
}

/** Where no request failed from then on there is no time to tell. */
function healedAfter({ healedAfterMs, failedRequests, verdict }: DrillRow): string {
  if (healedAfterMs !== undefined || verdict.kind !== "healed") return duration(healedAfterMs);
  return failedRequests === 0 ? "no harm" : "at once";
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
