/**
 * Whether an error proves that the work of this very operation was not begun. Of work that makes
 * calls of its own it does not: what stopped one of them says nothing of what was done before.
 *
 * V1. An error with which another operation of this engine has failed, one that began no sooner,
 *     comes from inside; so does that of a later call of this operation, as work that calls itself
 *     makes. An error that is kept and given to one caller after another does not.
 * V2. A refusal by one of our own policies comes from inside, too: those of this operation are
 *     never told as an error of its work.
 * V3. Work that was handed a function may have made several steps by it, as transactions do: which
 *     of them an error is about cannot be seen.
 */
import type { Judgement } from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import type { WorkingOperation } from "./working-operation.ts";

interface Told {
  readonly operation: WorkingOperation;
  readonly startedMs: number;
}

const toldBy = new WeakMap<object, Told>();

export function provenOf(
  operation: WorkingOperation,
  { startedMs, words }: Call,
  { error, judgement }: { readonly error: unknown; readonly judgement: Judgement },
): Judgement {
  if (!judgement.neverStarted || typeof error !== "object" || error === null) return judgement;
  const told = toldBy.get(error);
  toldBy.set(error, { operation, startedMs });
  const isUnclear =
    judgement.category === "rejected" ||
    isInside(operation, startedMs, told) ||
    (words !== undefined && hasFunction(words));
  return isUnclear ? { ...judgement, neverStarted: false } : judgement;
}

/** V1. */
function isInside(operation: WorkingOperation, startedMs: number, told: Told | undefined): boolean {
  if (told === undefined || told.operation.shared !== operation.shared) return false;
  // A further attempt, and a caller beside it, may have the very error; work inside begins later.
  return told.operation === operation ? told.startedMs > startedMs : told.startedMs >= startedMs;
}

/** V3. */
function hasFunction(words: ArrayLike<unknown>): boolean {
  return Array.prototype.some.call(words, (word) => typeof word === "function");
}
