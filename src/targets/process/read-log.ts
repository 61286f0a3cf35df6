/**
 * Lines of a service's log, over its rotation: the last ones, and those that are still to come.
 *
 * N1. Where a line was cut off, `...` stands at its end or its beginning: half a secret is masked
 *     there, and nobody takes a part for a line.
 */
import type { Timers } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";
import { lastLinesIn } from "../../system/index.ts";
import { pause } from "./pause.ts";
import type { ServiceLog } from "./service-log.ts";

const tailBytes = 64 * 1024;
const pollMs = 100;
const cut = "...";
/** A line that is longer is handed on in parts (N1). */
const lineMaxChars = 64 * 1024;

/** At most `count` lines that end before `offset` (default: the end), oldest first (N1). */
export async function lastLines(
  log: ServiceLog,
  count: number,
  offset?: number,
): Promise<readonly string[]> {
  const end = offset ?? log.end();
  const { bytes, startsLine } = await log.read(end - tailBytes, end);
  const text = bytes.toString("utf8");
  return lastLinesIn(startsLine || text === "" ? text : `${cut}${text}`, count);
}

export interface Following {
  readonly timers: Timers;
  readonly signal: AbortSignalLike;
  /** Default: the end, so that only new lines come. */
  readonly from?: number;
}

/** Every line that is written from now on, until `signal` aborts. */
export async function* followLog(log: ServiceLog, following: Following): AsyncGenerator<string> {
  const { timers, signal, from } = following;
  let position = from ?? log.end();
  let rest = "";
  let isJoined = false;
  let decoder = new TextDecoder();
  while (!signal.aborted) {
    const to = Math.min(log.end(), position + 1024 * 1024);
    const { bytes, from: first, startsLine } = await log.read(position, to);
    // What was rotated away before it was read is passed over.
    if (first > position) isJoined = false;
    position = to;
    if (bytes.length === 0) {
      await pause(timers, pollMs, signal);
      continue;
    }
    if (!isJoined) {
      if (rest !== "") yield `${rest}${cut}`;
      rest = startsLine ? "" : cut;
      decoder = new TextDecoder();
      isJoined = true;
    }
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineMaxChars) {
      lines.push(`${rest}${cut}`);
      rest = cut;
    }
    yield* lines;
  }
}
