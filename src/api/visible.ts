/**
 * What a caller without a token does not get to see: texts and parameters in which a secret or a
 * user's data may stand (headers, bodies, commands, environment). What a step reports (`detail`)
 * may be the end of a log, a diagnosis or the output of a command, and so may what it would do
 * (`preview`). Reasons stay, for they are what everybody comes for, but for the lines of logs that
 * they quote (see SECURITY.md).
 */
import { replaceQuotes } from "../kernel/index.ts";
import type { Action, ActionRow, SealedEntry } from "../model/index.ts";
import type { EngineReport } from "../targets/index.ts";
import type { Caller } from "./procedures/procedure.ts";

const hiddenKeys: ReadonlySet<string> = new Set([
  "headers",
  "body",
  "env",
  "undo",
  "command",
  "detail",
  "preview",
]);
const hint = "(needs the token)";

export function visibleAction(row: ActionRow, caller: Caller): ActionRow {
  if (caller.isTrusted) return row;
  return {
    ...row,
    parameters: mask(row.parameters) as ActionRow["parameters"],
    result: mask(row.result) as ActionRow["result"],
  };
}

/** Of one that is not over. */
export function visibleUnderWay(action: Action, caller: Caller): Action {
  const { preview } = action;
  if (caller.isTrusted || preview === undefined) return action;
  return { ...action, preview: hidden(preview) as typeof preview };
}

export function visibleEntry(sealed: SealedEntry, caller: Caller): SealedEntry {
  if (caller.isTrusted) return sealed;
  const { entry } = sealed;
  const isMasked = entry.kind === "plan" || entry.kind === "action";
  return visible(isMasked ? { ...sealed, entry: mask(entry) as typeof entry } : sealed, caller);
}

/** Messages of errors, and who asked, may be a user's data. */
export function visibleEngine(engine: EngineReport, caller: Caller): EngineReport {
  if (caller.isTrusted) return engine;
  const failures = engine.failures.map((failure) => ({
    ...failure,
    message: hint,
    requestId: failure.requestId && hint,
    userId: failure.userId && hint,
  }));
  const errors = engine.errors.map((error) => ({
    ...error,
    headline: hint,
    relation: error.relation && hint,
  }));
  return { ...engine, errors, failures };
}

/** Whatever it is: without the lines of logs in it. */
export function visible<T>(value: T, caller: Caller): T {
  return caller.isTrusted ? value : (unquoted(value) as T);
}

function unquoted(value: unknown): unknown {
  if (typeof value === "string") return replaceQuotes(value, hint);
  if (Array.isArray(value)) return value.map(unquoted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unquoted(member)]));
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      hiddenKeys.has(key) ? hidden(member) : mask(member),
    ]),
  );
}

/** A list stays one for who reads it as such, and of what is empty nothing is hidden. */
function hidden(member: unknown): unknown {
  if (Array.isArray(member)) return member.map(hidden);
  return member === "" ? "" : hint;
}
