/**
 * The files of a server's log have numbers: whether one is missing can be told from their names.
 * PostgreSQL calls them segments (timeline and number, all of one size), MariaDB binary logs.
 */
export interface LogName {
  readonly name: string;
  /** What counts its files for itself: a timeline, or the name before the number. */
  readonly series: string;
  readonly number: number;
}

export type LogKind = "postgres" | "mariadb";

const segmentShape = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?$/;
const binlogShape = /^(.+)\.(\d{6,})$/;
/** Segments are counted within parts of the log that are so long. */
const partBytes = 0x1_0000_0000;

/**
 * Undefined: it is no file of the log. Segments have `segmentBytes` each; of the others it says
 * nothing.
 */
export function readLogName(
  kind: LogKind,
  name: string,
  segmentBytes: number,
): LogName | undefined {
  if (kind === "mariadb") {
    const [, series, digits] = binlogShape.exec(name) ?? [];
    if (series === undefined) return undefined;
    return { name, series, number: Number(digits) };
  }
  const [, series, part = "", within = ""] = segmentShape.exec(name) ?? [];
  if (series === undefined || segmentBytes <= 0) return undefined;
  const number = Number.parseInt(part, 16) * (partBytes / segmentBytes);
  return { name, series, number: number + Number.parseInt(within, 16) };
}

export interface Position {
  readonly file: string;
  readonly offset: number;
}

/** Where a byte of PostgreSQL's log is, as it writes such places: `16/B374D848`. */
export function placeOfLsn(lsn: string, timeline: string, segmentBytes: number): Position {
  const [high = "", low = ""] = lsn.split("/");
  const byte = Number.parseInt(low, 16);
  const within = Math.floor(byte / segmentBytes);
  const hex = (value: string | number): string =>
    (typeof value === "string" ? value : value.toString(16)).toUpperCase().padStart(8, "0");
  return { file: `${timeline}${hex(high)}${hex(within)}`, offset: byte % segmentBytes };
}

/** The same for what follows one another; else which file is missing behind which. */
export function gapIn(names: readonly LogName[]): string | undefined {
  const sorted = names.toSorted((a, b) => a.number - b.number);
  for (const [index, each] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined) continue;
    if (before.series !== each.series)
      return `${each.name} is of another series than ${before.name}`;
    if (each.number > before.number + 1)
      return `nothing lies between ${before.name} and ${each.name}`;
  }
  return undefined;
}
