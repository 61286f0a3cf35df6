/** Cells that the lists of the browser share. */
import { formatBytes } from "../../../kernel/index.ts";
import type { FolderSum, TreeNode } from "../../../vault/index.ts";
import { padTo, visibleWidth } from "../../columns.ts";
import { shownName, shownText } from "../../shown-name.ts";
import type { Style } from "../../style.ts";

const sizeCells = 8;

/** In UTC, to the second. */
export function timeCell(timeNs: bigint): string {
  const time = new Date(Number(timeNs / 1_000_000n));
  if (Number.isNaN(time.getTime())) return "no time".padEnd(19);
  return time.toISOString().slice(0, 19).replace("T", " ");
}

/** Undefined: it is being counted. `?`: a part of it cannot be read. */
export function sumCell(sum: FolderSum | undefined): string {
  if (sum === undefined) return "...".padStart(sizeCells);
  return `${sum.isWhole ? "" : "?"}${formatBytes(sum.sizeBytes)}`.padStart(sizeCells);
}

export function sizeCell(node: TreeNode, sum: FolderSum | undefined): string {
  if (node.kind === "dir") return sumCell(sum);
  return (node.kind === "file" ? formatBytes(node.sizeBytes) : "-").padStart(sizeCells);
}

export function nameCell(node: TreeNode): string {
  const name = shownName(node.name);
  if (node.kind === "dir") return `${name}/`;
  return node.kind === "symlink" ? `${name} -> ${shownName(node.target)}` : name;
}

/** Above a list, where there is room for more than its rows. */
export function headOf(text: string, rows: number, style: Style): readonly string[] {
  return rows < 4 ? [] : [style.paint("grey", `  ${text}`)];
}

/** What is chosen is told by a sign as well as by its weight. */
export function rowOf(text: string, isChosen: boolean, style: Style): string {
  return isChosen ? style.paint("bold", `> ${text}`) : `  ${text}`;
}

/** The end of what is too long is what matters of a path. */
export function pathCell(path: string, width: number): string {
  const places = Array.from(path);
  if (places.length <= width) return padTo(path, width);
  return padTo(`…${places.slice(places.length - width + 1).join("")}`, width);
}

/** In lines that are so wide, broken between words where that can be. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (visibleWidth(longer) <= width || line === "") line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((each) => pathCell(each, width).trimEnd());
}

/** The first line of what was said. */
export function firstLine(text: string): string {
  return shownText(text.split("\n")[0] ?? "");
}
