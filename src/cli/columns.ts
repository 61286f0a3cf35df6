/**
 * Rows below each other, as wide as their widest cell. Colours do not count, and a row of one cell
 * is a remark that may be as long as it likes.
 */
const gap = "  ";

export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    if (row.length === 1) continue;
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, visibleWidth(cell));
    }
  }
  return rows
    .map((row) =>
      row
        .map(
          (cell, index) =>
            cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - visibleWidth(cell))),
        )
        .join(gap)
        .trimEnd(),
    )
    .join("\n");
}

const escape = "\u001b";
const colour = new RegExp(`(${escape}\\[[\\d;]*m)`, "g");

export function visibleWidth(text: string): number {
  return Array.from(text.replace(colour, "")).length;
}

/** Cut to so many visible characters; colours survive, and are ended. */
export function cutTo(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let left = Math.max(0, width - 1);
  let cut = "";
  for (const part of text.split(colour)) {
    if (part.startsWith(escape)) cut += part;
    else {
      const taken = Array.from(part).slice(0, left);
      left -= taken.length;
      cut += taken.join("");
    }
  }
  return `${cut}…`;
}
