/** What callers may say, and what holds when they say nothing. */
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
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

type Check = readonly [isRight: (value: unknown) => boolean, fix: string];

const isWholeNumber = (value: unknown, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
const aTime: Check = [
  (value) => typeof value === "number" && value >= 0 && value <= 2 ** 31 - 1,
  "give milliseconds, 0 or more",
];
const aSwitch: Check = [(value) => typeof value === "boolean", "give true or false"];
const aFunction: Check = [(value) => typeof value === "function", "give a function"];
const anObject: Check = [
  (value) => typeof value === "object" && value !== null,
  "give an object of that kind",
];

const checks: Readonly<Record<string, Check>> = {
  lockTimeoutMs: aTime,
  settleMs: aTime,
  signal: [(value) => value instanceof AbortSignal, "give the signal of an AbortController"],
  allowEmpty: aSwitch,
  durable: aSwitch,
  validate: aFunction,
  onHealed: aFunction,
  onFinding: aFunction,
  ignore: aFunction,
  mode: [(value) => isWholeNumber(value, 0o7777), "give permission bits, such as 0o644"],
  keep: [(value) => isWholeNumber(value, keepMax), `give a whole number from 0 to ${keepMax}`],
  events: anObject,
  tools: anObject,
  encoding: [
    (value) => typeof value === "string" && Buffer.isEncoding(value),
    'give an encoding such as "utf8"',
  ],
  fallback: [() => true, ""],
  indent: [(value) => isWholeNumber(value, 10), "give 0 to 10 spaces"],
};

/** Throws SoulMirrorError BAD_REQUEST with the key, the value and the fix. */
export function checkOptions(options: object, known: readonly string[], where: string): void {
  for (const [key, value] of Object.entries(options)) {
    const check = checks[key];
    if (check === undefined || !known.includes(key)) {
      const fix = `the options of ${where} are ${known.join(", ")}`;
      throw new SoulMirrorError("BAD_REQUEST", `${where} has no option ${key}; ${fix}`, { fix });
    }
    const [isRight, fix] = check;
    if (value === undefined || isRight(value)) continue;
    const message = `${where}: ${key} cannot be ${shown(value)}; ${fix}`;
    throw new SoulMirrorError("BAD_REQUEST", message, { fix });
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
