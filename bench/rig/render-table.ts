/** The rows of all figures as a table for a terminal. */
import type { Row } from "./figure.ts";

export interface FigureRow extends Row {
  readonly figure: string;
}

const titles = ["figure", "what", "must reach", "measured", "reached"] as const;

export function renderTable(rows: readonly FigureRow[]): string {
  const cells = rows.map((row) => [
    row.figure,
    row.what,
    row.mustReach,
    row.measured,
    row.reached === undefined ? "" : row.reached ? "yes" : "NO",
  ]);
  const lines = [titles, ...cells];
  const widths = titles.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const [head = [], ...rest] = lines;
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rest].map(render).join("\n");
}
