/**
 * A baseline as text: each piece says what it covers and is a sketch, whose bytes are made
 * printable, so that any database takes them.
 *
 * Reading what was written gives the same parts; reading anything else gives undefined.
 */
export interface BaselineParts {
  /** The time of the pieces when it was saved: piece numbers count from its zero. */
  readonly positionMs: number;
  readonly open: string;
  readonly tens: readonly string[];
  readonly hours: readonly string[];
  readonly days: readonly string[];
}

export interface Piece {
  readonly coversMs: number;
  readonly sketch: string;
}

export function pieceText(coversMs: number, sketch: string): string {
  return `${Math.round(coversMs)};${sketch}`;
}

/** Undefined for a piece in which nothing came. */
export function pieceOf(text: string | undefined): Piece | undefined {
  if (!text) return undefined;
  const end = text.indexOf(";");
  const coversMs = Number(text.slice(0, Math.max(0, end)));
  return end > 0 && coversMs >= 0 ? { coversMs, sketch: text.slice(end + 1) } : undefined;
}

export function writeBaseline({ positionMs, open, tens, hours, days }: BaselineParts): string {
  const lists = [[open], tens, hours, days].map((list) => Array.from(list, printable));
  return JSON.stringify([positionMs, ...lists]);
}

/** `most` says how many pieces of each length there may be. */
export function readBaseline(
  text: string,
  most: { readonly tens: number; readonly hours: number; readonly days: number },
): BaselineParts | undefined {
  const parsed = parse(text);
  if (!Array.isArray(parsed)) return undefined;
  const [positionMs, opens, tens, hours, days] = parsed as unknown[];
  if (typeof positionMs !== "number" || !(positionMs >= 0)) return undefined;
  if (!isTexts(opens, 1) || !isTexts(tens, most.tens)) return undefined;
  if (!isTexts(hours, most.hours) || !isTexts(days, most.days)) return undefined;
  const bytes = (list: readonly string[]): string[] => list.map(original);
  const [open = ""] = bytes(opens);
  return { positionMs, open, tens: bytes(tens), hours: bytes(hours), days: bytes(days) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Torn or edited: what was usual is learned anew.
    return undefined;
  }
}

function isTexts(list: unknown, most: number): list is readonly string[] {
  return (
    Array.isArray(list) && list.length <= most && list.every((each) => typeof each === "string")
  );
}

const shift = 0x100;

/** Bytes that are no plain ASCII, and quotes, become letters that need no escape anywhere. */
function printable(bytes: string | undefined): string {
  return (bytes ?? "").replace(/[^#-[\]-~]/g, (byte) =>
    String.fromCharCode(byte.charCodeAt(0) + shift),
  );
}

function original(text: string): string {
  return text.replace(/[\u0100-\u01ff]/g, (letter) =>
    String.fromCharCode(letter.charCodeAt(0) - shift),
  );
}
