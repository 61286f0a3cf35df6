/**
 * Words and tools with no input or output: time, chance, ids, durations, results, errors, queues.
 * Nothing here knows Node, a fleet or a failure. Everything above is built on it.
 */

export { anyOption, checkArgument, havingOption, refusedOption } from "./argument.ts";
export { assert } from "./assert.ts";
export { BoundedQueue } from "./bounded-queue.ts";
export { formatBytes, parseBytes } from "./bytes.ts";
export { type CivilDate, dateOfDay, dayOfDate, formatUtcSecond } from "./calendar.ts";
export type { CancelTimer, Clock, Instant, Timers } from "./clock.ts";
export { formatClockTime } from "./clock-time.ts";
export { cutOff } from "./cut-off.ts";
export { type Deferred, deferred } from "./deferred.ts";
export { DueHeap } from "./due-heap.ts";
export { formatDuration, parseDurationMs, roundedMs } from "./duration.ts";
export { type ErrorCode, errorTable, SoulMirrorError } from "./errors.ts";
export { compileGlob, type Glob, type GlobDialect } from "./glob.ts";
export { createIds, type Ids } from "./ids.ts";
export { canonicalJson, type Json, type JsonRecord } from "./json.ts";
export { type LimitName, limitBounds } from "./limit-bounds.ts";
export {
  type AddressProblem,
  type FolderAddress,
  identityOfAddress,
  type LocationAddress,
  nameOfAddress,
  parseLocationAddress,
} from "./location-address.ts";
export { MinHeap } from "./min-heap.ts";
export { engineParts, type Mode, modes, strictest } from "./mode.ts";
export {
  callbackOption,
  checkOptions,
  durationOption,
  eitherOption,
  flagOption,
  listOption,
  namedOption,
  numberOption,
  type OptionPlace,
  type OptionReader,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "./options.ts";
export { quote, replaceQuotes } from "./quote.ts";
export { createRandom, integerBetween, jittered, type Random } from "./random.ts";
export { failed, messageOf, type Result, success } from "./result.ts";
export { soundsSecret } from "./secret-name.ts";
export { adviceFor, nearest } from "./suggest.ts";
