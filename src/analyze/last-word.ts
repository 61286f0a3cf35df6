/**
 * What is wrong with a resource now, in a sentence. The reason of a failure is what was found when
 * it began, and stays as it was written down; what the looks since have found is kept beside it.
 */
import { type Failure, failureTypes, faultOf, type ResourceId } from "../model/index.ts";
import type { Case, Evidence, JudgeState } from "./judge.ts";

/** What the last look has found of an open failure. */
export interface LastWord {
  readonly isGood: boolean;
  /** What the last bad one has found. */
  readonly reason: string;
}

export function noteLastWord(found: Case, { failure, kind, reason }: Evidence): void {
  const before = found.lastWords.get(faultOf(failure))?.reason ?? failure.reason;
  const word = { isGood: kind === "good", reason: kind === "bad" ? reason : before };
  found.lastWords = new Map(found.lastWords).set(faultOf(failure), word);
}

/** Of several failures what is down comes before what is not, and both before what looks well. */
export function reasonNow(state: JudgeState, resource: ResourceId): string | undefined {
  const found = state.cases.get(resource);
  if (found === undefined || found.open.size === 0) return undefined;
  const [worst] = [...found.open.values()].sort((a, b) => rank(found, b) - rank(found, a));
  return worst && reasonOf(found, worst);
}

/** The same of one fault alone; undefined while it is not open. */
export function reasonOfFault(
  state: JudgeState,
  resource: ResourceId,
  fault: string,
): string | undefined {
  const found = state.cases.get(resource);
  const failure = found?.open.get(fault);
  return found && failure && reasonOf(found, failure);
}

function reasonOf(found: Case, failure: Failure): string {
  const word = found.lastWords.get(faultOf(failure));
  if (word === undefined) return failure.reason;
  return word.isGood ? `the last look was good; before: ${word.reason}` : word.reason;
}

function rank(found: Case, failure: Failure): number {
  const isGood = found.lastWords.get(faultOf(failure))?.isGood === true;
  return (isGood ? 0 : 2) + (failureTypes[failure.type].down ? 1 : 0);
}
