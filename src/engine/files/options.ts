/** What callers may say, and what holds when they say nothing. */
import type { PathLike } from "node:fs";
import {
  callbackOption,
  flagOption,
  numberOption,
  type OptionReader,
  optionsOf,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub, SilentError } from "../events.ts";
import type { Validate } from "./content.ts";
import type { Healing, Told } from "./healing.ts";
import { keepMax } from "./versions.ts";

/** Waiting for others; every operation takes these. */
export interface WaitOptions {
  /** How long to wait for other writers of the same file; default 10,000. */
  readonly lockTimeoutMs?: number;
  /** Ends the waiting, and the operation as long as nothing has been put in place. */
  readonly signal?: AbortSignal;
}

export interface CheckOptions {
  /** Nothing at all is a content, too; default false. */
  readonly allowEmpty?: boolean;
  /**
   * Says why a content is wrong. Without it, a `.json` file may not end in its middle; with it,
   * only it decides.
   */
  readonly validate?: Validate;
}

export interface WriteOptions extends WaitOptions, CheckOptions {
  /** Permissions of a new file; default 0o666 without the umask. An existing file keeps its own. */
  readonly mode?: number;
  /** Back on the disk after a power cut when the promise resolves; default true. */
  readonly durable?: boolean;
  /** How many versions lie beside the file, the copy of the newest among them; default 2. */
  readonly keep?: number;
}

export interface ReadOptions extends WaitOptions, CheckOptions {
  /** How long a damaged content may become whole before it is recovered; default 200. */
  readonly settleMs?: number;
}

export interface FileOperationsOptions {
  /** Hears `recovery_success`, `silent_error` and `state`. */
  readonly events?: EngineEventHub;
  /** Hears of everything that was put right. One that throws harms nobody. */
  readonly onHealed?: (healing: Healing, told: Told) => void;
  /** Time, timers and chance; default the real ones. */
  readonly tools?: Tools;
  /** Defaults of this set of operations. */
  readonly lockTimeoutMs?: number;
  readonly settleMs?: number;
  readonly durable?: boolean;
  readonly keep?: number;
}

export const defaults = { lockTimeoutMs: 10_000, settleMs: 200, durable: true, keep: 2 } as const;

/** What comes from our own types is looked at for its kind only. */
function madeOf<T>(
  isRight: (value: unknown) => boolean,
  wants: string,
  fix: string,
): OptionReader<T> {
  return (value, place) => {
    if (!isRight(value)) place.wrong(value, wants, fix);
    return value as T;
  };
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

const waiting = {
  lockTimeoutMs: numberOption({ min: 0, max: 2 ** 31 - 1 }),
  signal: madeOf<AbortSignal>(
    (value) => value instanceof AbortSignal,
    "an AbortSignal",
    "hand in the signal of an AbortController",
  ),
};
const checking = { allowEmpty: flagOption(), validate: callbackOption<Validate>() };
const writing = {
  mode: wholeOption({ min: 0, max: 0o7777 }),
  durable: flagOption(),
  keep: wholeOption({ min: 0, max: keepMax }),
};
const settling = { settleMs: numberOption({ min: 0, max: 2 ** 31 - 1 }) };
const anything = { fallback: (value: unknown): unknown => value };
const indenting = { indent: wholeOption({ min: 0, max: 10 }) };
const encoding = madeOf<BufferEncoding>(
  (value) => typeof value === "string" && Buffer.isEncoding(value),
  "an encoding",
  'write "utf8"',
);

const listening = {
  events: madeOf<EngineEventHub>(isObject, "the events of an engine", "hand in engine.events"),
  tools: madeOf<Tools>(isObject, "tools", "leave it out for the real ones"),
  onHealed: callbackOption<(healing: Healing, told: Told) => void>(),
};

const fileFix = 'write a path, such as "data/state.json"';
/** Arguments that are no options. */
export const argumentReaders = {
  path: madeOf<PathLike>(
    (value) =>
      (typeof value === "string" && value !== "") || value instanceof URL || Buffer.isBuffer(value),
    "a path",
    fileFix,
  ),
  content: madeOf<unknown>(
    (value) => typeof value === "string" || isObject(value),
    "a text, bytes, or chunks of them",
    "turn it into a text; for values there is safeJson",
  ),
  chunk: madeOf<unknown>(
    (value) => typeof value === "string" || ArrayBuffer.isView(value),
    "a text or bytes",
    "turn it into a text",
  ),
  change: callbackOption(),
} as const;

/** The options of each operation, as `checkOptions` reads them. */
export const shapes = {
  write: optionsOf({ ...waiting, ...checking, ...writing }),
  read: optionsOf({ ...waiting, ...checking, ...settling, encoding }),
  append: optionsOf({ ...waiting, mode: writing.mode, durable: writing.durable }),
  makeFolder: optionsOf({ mode: writing.mode }),
  wait: optionsOf(waiting),
  readJson: optionsOf({ ...waiting, ...settling, ...anything }),
  writeJson: optionsOf({ ...waiting, ...writing, ...indenting }),
  updateJson: optionsOf({ ...waiting, ...writing, ...indenting, ...anything }),
  operations: optionsOf({
    lockTimeoutMs: waiting.lockTimeoutMs,
    ...settling,
    durable: writing.durable,
    keep: writing.keep,
    ...listening,
  }),
  patch: optionsOf({
    ...listening,
    mode: wordOption(["report", "heal"]),
    onFinding: callbackOption<(finding: SilentError) => void>(),
    ignore: callbackOption<(path: string) => boolean>(),
  }),
} as const;
