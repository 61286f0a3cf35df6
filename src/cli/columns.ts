/** Rows below each other, as wide as their widest cell. Colours do not count. */
const gap = "  ";

export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, visibleWidth(cell));
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - visibleWidth(cell)))
        .join(gap)
        .trimEnd(),
    )
    .join("\n");
}

const colour = /\u001b\[[\d;]*m/g;

export function visibleWidth(text: string): number {
  return [...text.replace(colour, "")].length;
}

/** Cut to so many visible characters; colours survive, and are ended. */
export function cutTo(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let left = Math.max(0, width - 1);
  let cut = "";
  for (const part of text.split(/(\u001b\[[\d;]*m)/)) {
    if (part.startsWith("\u001b")) cut += part;
    else {
      const taken = [...part].slice(0, left);
      left -= taken.length;
      cut += taken.join("");
    }
  }
  return `${cut}…`;
}
