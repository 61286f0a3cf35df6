/**
 * What a line of `soulmirror engine` asks for, before anybody is asked: each mistake in it with its
 * place, its value and the fix.
 */
import {
  adviceFor,
  formatDuration,
  type LimitName,
  limitBounds,
  type Mode,
  modes,
  parseDurationMs,
  SoulMirrorError,
} from "../kernel/index.ts";
import type { Context, Options } from "./command.ts";

/** Takes a mode back: the engine's own configuration holds. */
const ownMode = "own";
const wordMax = 200;
const forBounds = { min: 1000, max: 30 * 86_400_000 };

const subjects = {
  mode: "MODE",
  isolate: "OPERATION",
  release: "OPERATION",
  limit: "OPERATION",
  unlimit: "OPERATION",
  prefer: "PROVIDER",
  eject: "PROVIDER",
  readmit: "PROVIDER",
} as const;

type Verb = keyof typeof subjects;

const limitOptions = ["timeout", "concurrency", "rate"] as const;
const steeringOptions = ["reason", "for", "unseen"] as const;

export type EngineOrder =
  | { readonly what: "list" }
  | { readonly what: "show"; readonly service: string }
  | { readonly what: Verb; readonly service: string; readonly body: object };

/** Throws BAD_REQUEST. */
export function engineOrder({ args, options }: Pick<Context, "args" | "options">): EngineOrder {
  const [what = "list", service, subject] = args;
  if (what === "list") {
    refuseOptions(what, options, []);
    if (service === undefined) return { what };
    throw bad(
      `list takes no service, not "${service}"`,
      `soulmirror engine show ${service}; without it all are listed`,
    );
  }
  if (!isVerb(what) && what !== "show") {
    throw bad(
      `there is no "${what}" of engines`,
      adviceFor(what, ["list", "show", ...Object.keys(subjects)]),
    );
  }
  if (service === undefined || service === "") {
    throw bad(
      `whose engine to ${what} is not said`,
      `soulmirror engine ${what} SERVICE ...; \`soulmirror engine\` lists them`,
    );
  }
  checkLength("SERVICE", service);
  if (what === "show") {
    refuseOptions(what, options, []);
    if (subject === undefined) return { what, service };
    throw bad(
      `show takes a service alone, not "${subject}"`,
      `leave it out: all of ${service} is shown`,
    );
  }
  return { what, service, body: bodyOf(what, { service, subject, options }) };
}

interface Given {
  readonly service: string;
  readonly subject: string | undefined;
  readonly options: Options;
}

function bodyOf(what: Verb, { service, subject, options }: Given): object {
  refuseOptions(what, options, [...steeringOptions, ...(what === "limit" ? limitOptions : [])]);
  if (subject === undefined || subject === "") {
    throw bad(
      `what to ${what} is not said`,
      `soulmirror engine ${what} SERVICE ${subjects[what]}; \`soulmirror engine show SERVICE\` lists them`,
    );
  }
  const reason = options.text("reason");
  if (reason !== undefined) checkLength("--reason", reason);
  const forMs = durationIn("for", options.text("for"), forBounds);
  const more = {
    ...(reason === undefined ? {} : { reason }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(options.has("unseen") ? { unseen: true } : {}),
  };
  if (what === "mode") return { ...more, mode: modeIn(subject) };
  checkLength(subjects[what], subject);
  if (what === "isolate") {
    if (reason !== undefined) return { ...more, isolate: { operation: subject, reason } };
    throw bad(
      "why it is isolated is not said",
      '--reason "..." is shown to everybody whose calls are refused',
    );
  }
  if (what !== "limit") return { ...more, [what]: subject };
  const instead = `soulmirror engine isolate ${service} ${subject} --reason "..."`;
  return { ...more, limit: { operation: subject, ...limitsIn(options, instead) } };
}

function isVerb(word: string): word is Verb {
  return Object.hasOwn(subjects, word);
}

/** What is left without effect would seem to have one. */
function refuseOptions(what: string, options: Options, taken: readonly string[]): void {
  for (const name of [...steeringOptions, ...limitOptions]) {
    const isGiven = options.has(name) || options.text(name) !== undefined;
    if (!isGiven || taken.includes(name)) continue;
    const isLimit = (limitOptions as readonly string[]).includes(name);
    const fix = isLimit ? "`soulmirror engine limit` takes it" : "leave it out";
    throw bad(`${what} takes no --${name}`, fix);
  }
}

function checkLength(place: string, text: string): void {
  if (text.trim() === "") throw bad(`${place}: "${text}" says nothing`, "write what is meant");
  if (text.length <= wordMax) return;
  throw bad(
    `${place}: ${text.length} characters are too many`,
    `shorten it to ${wordMax} characters`,
  );
}

function modeIn(word: string): Mode | null {
  if (word === ownMode) return null;
  const mode = modes.find((each) => each === word);
  if (mode !== undefined) return mode;
  const fix = `it is one of ${modes.join(", ")}, or ${ownMode} to take one back`;
  throw bad(`there is no mode "${word}"`, fix);
}

function limitsIn(options: Options, instead: string): Partial<Record<LimitName, number>> {
  const timeoutMs = durationIn("timeout", options.text("timeout"), {
    ...limitBounds.timeoutMs,
    instead,
  });
  const concurrency = countIn("concurrency", options, { isWhole: true, instead });
  const perSecond = countIn("rate", options, { isWhole: false, instead });
  const given = {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(perSecond === undefined ? {} : { perSecond }),
  };
  if (Object.keys(given).length > 0) return given;
  throw bad("which limit is not said", "give --timeout 5s, --concurrency 10 or --rate 20");
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function durationIn(
  option: "for" | "timeout",
  text: string | undefined,
  { instead, ...bounds }: Bounds & { readonly instead?: string },
): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms === undefined) {
    throw bad(`--${option}: "${text}" is no duration`, "write 500ms, 30s, 10m or 2h");
  }
  const isBare = /^\d+(\.\d+)?$/.test(text.trim());
  if (isBare && ms > 0 && ms < bounds.min) {
    throw bad(`--${option}: ${ms} has no unit`, `write ${ms}s or ${ms * 1000}ms`);
  }
  checkBounds(`--${option}: ${text}`, ms, { ...bounds, show: formatDuration, instead });
  return Math.round(ms);
}

function countIn(
  option: "concurrency" | "rate",
  options: Options,
  { isWhole, instead }: { readonly isWhole: boolean; readonly instead: string },
): number | undefined {
  const text = options.text(option);
  if (text === undefined) return undefined;
  const isNumber = (isWhole ? /^\d{1,9}$/ : /^\d{1,9}(\.\d+)?$/).test(text.trim());
  const what = isWhole ? "a whole number of calls at once" : "a number of calls per second";
  if (!isNumber) throw bad(`--${option}: "${text}" is not ${what}`, `write --${option} 20`);
  const bounds = limitBounds[isWhole ? "concurrency" : "perSecond"];
  checkBounds(`--${option}: ${text}`, Number(text), { ...bounds, show: String, instead });
  return Number(text);
}

function checkBounds(
  place: string,
  value: number,
  {
    min,
    max,
    show,
    instead,
  }: Bounds & { show: (n: number) => string; instead: string | undefined },
): void {
  if (value > max) throw bad(`${place} is above ${show(max)}`, `write ${show(max)} or less`);
  if (value >= min) return;
  const other = instead === undefined ? "" : `, or refuse all calls: ${instead}`;
  throw bad(`${place} is below ${show(min)}`, `write ${show(min)} or more${other}`);
}

function bad(message: string, fix: string): SoulMirrorError {
  return new SoulMirrorError("BAD_REQUEST", message, { fix });
}
