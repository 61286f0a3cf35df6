/**
 * Was a read that met an unfinished write wrong?
 *
 * J1. A read that has got all that was being written is right.
 * J2. In the turn in which the write was asked for nobody can have waited for it: whatever else was
 *     read is wrong.
 * J3. Later, only an empty content, or the beginning of what was being written, is: an old content
 *     may be meant, and a size may be looked at while a file grows.
 */

/** What is being written. */
export interface Underway {
  readonly kind: "write" | "append" | "stream";
  readonly isSameTurn: boolean;
  /** Undefined where it is not known beforehand. */
  readonly data: Buffer | undefined;
}

/** What the reader got. */
export type Seen =
  | { readonly kind: "content"; readonly content: Buffer }
  | { readonly kind: "size"; readonly sizeBytes: number }
  | { readonly kind: "missing" }
  /** A stream: what it reads is not known yet. */
  | { readonly kind: "unknown" };

export type Wrong = "empty" | "short" | "old" | "missing" | "unfinished";

export function judgeRead(underway: Underway, seen: Seen): Wrong | undefined {
  if (seen.kind === "content") return judgeContent(underway, seen.content);
  if (!underway.isSameTurn) return undefined;
  if (seen.kind === "missing") return "missing";
  if (seen.kind === "unknown") return "unfinished";
  const { data, kind } = underway;
  if (kind === "append" || data === undefined) return undefined;
  if (seen.sizeBytes === data.length) return undefined;
  if (seen.sizeBytes === 0) return "empty";
  return seen.sizeBytes < data.length ? "short" : "old";
}

function judgeContent({ kind, isSameTurn, data }: Underway, content: Buffer): Wrong | undefined {
  if (kind === "append") {
    if (!isSameTurn || data === undefined || endsWith(content, data)) return undefined;
    return "old";
  }
  if (content.length === 0) return data?.length === 0 ? undefined : "empty";
  if (data === undefined) return isSameTurn ? "unfinished" : undefined;
  const isStart = content.length <= data.length && startsWith(data, content);
  if (isStart) return content.length < data.length ? "short" : undefined;
  return isSameTurn ? "old" : undefined;
}

function startsWith(whole: Buffer, start: Buffer): boolean {
  return whole.subarray(0, start.length).equals(start);
}

function endsWith(whole: Buffer, end: Buffer): boolean {
  return whole.length >= end.length && whole.subarray(whole.length - end.length).equals(end);
}
