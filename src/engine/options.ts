/**
 * How parts of the engine check what they are handed: the kernel's checker under this folder's own
 * roof, with the readers that only an engine needs.
 */
import {
  type Mode,
  modes,
  type OptionPlace,
  type OptionReader,
  parseDurationMs,
  wordOption,
} from "../kernel/index.ts";

export const modeOption: OptionReader<Mode> = wordOption(modes);

/** A time after which a call is given up; 0, `false` and "none" mean that there is none. */
export function timeoutOption(value: unknown, place: OptionPlace): number {
  if (value === false || value === "none") return 0;
  const isText = typeof value === "string" || typeof value === "number";
  const ms = isText ? parseDurationMs(value) : undefined;
  if (ms !== undefined && ms <= 2 ** 31 - 1) return ms;
  place.wrong(value, "a duration", 'write milliseconds, "30s", or 0 for no timeout');
  return 0;
}
