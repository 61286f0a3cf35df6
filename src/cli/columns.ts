/**
 * Rows below each other, as wide as their widest cell. Colours do not count, and a row of one cell
 * is a remark that may be as long as it likes. Where the rows are wider than the room that there
 * is, columns that can be spared are left out.
 */
const gap = "  ";

interface Room {
  readonly width: number;
  /** The first of these is left out first. */
  readonly spare: readonly number[];
}

export function columns(rows: readonly (readonly string[])[], room?: Room): string {
  const widths = widthsOf(rows);
  let tooMuch = widths.reduce((sum, each) => sum + each + gap.length, -gap.length);
  tooMuch -= room?.width ?? Number.POSITIVE_INFINITY;
  const left = new Set<number>();
  for (const index of room?.spare ?? []) {
    if (tooMuch <= 0) break;
    tooMuch -= (widths[index] ?? 0) + gap.length;
    left.add(index);
  }
  return rows.map((row) => lineOf(row, { widths, left })).join("\n");
}

function lineOf(
  row: readonly string[],
  { widths, left }: { readonly widths: readonly number[]; readonly left: ReadonlySet<number> },
): string {
  return row
    .map((cell, index) => cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - visibleWidth(cell))))
    .filter((_, index) => !left.has(index))
    .join(gap)
    .trimEnd();
}

function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    if (row.length === 1) continue;
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, visibleWidth(cell));
    }
  }
  return widths;
}

const escape = "\u001b";
const colour = new RegExp(`(${escape}\\[[\\d;]*m)`, "g");

/** Characters of East Asia and pictures take two places; marks upon others and joiners none. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const without = /[\p{Mn}\p{Me}\p{Cf}]/u;
const isPlain = /^[ -~]*$/;

/** In places of a terminal. */
export function visibleWidth(text: string): number {
  const seen = text.replace(colour, "");
  if (isPlain.test(seen)) return seen.length;
  return Array.from(seen).reduce((sum, character) => sum + placesOf(character), 0);
}

function placesOf(character: string): number {
  if (without.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Cut to so many places; colours survive, and are ended. */
export function cutTo(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let left = Math.max(0, width - 1);
  let cut = "";
  for (const part of text.split(colour)) {
    if (part.startsWith(escape)) cut += part;
    else {
      for (const character of part) {
        const places = placesOf(character);
        left -= places;
        if (left < 0) break;
        cut += character;
      }
    }
  }
  return `${cut}…`;
}

/** Exactly so wide. */
export function padTo(text: string, width: number): string {
  const cut = cutTo(text, width);
  return cut + " ".repeat(Math.max(0, width - visibleWidth(cut)));
}
