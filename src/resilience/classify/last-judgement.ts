/**
 * What is down fails the same way again and again: the last judgement is remembered, so that the
 * second of two equal errors costs a few comparisons.
 *
 * Only of plain errors, on which nothing but a system's own fields can have been put: all that a
 * judgement of them depends on is compared. What somebody has said of one holds for that one.
 */
import type { Classify, Judgement } from "../category.ts";
import { saidOf } from "./said-category.ts";

const plainPrototypes: ReadonlySet<unknown> = new Set([
  Error.prototype,
  TypeError.prototype,
  RangeError.prototype,
]);
const systemFields: ReadonlySet<string> = new Set(
  "code errno syscall address port hostname path".split(" "),
);

interface PlainError extends Error {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

export function rememberLast(classify: Classify): Classify {
  let last: Judgement | undefined;
  let lastKind: unknown;
  let lastMessage: unknown;
  let lastCode: unknown;
  let lastSyscall: unknown;
  return (error) => {
    if (!isPlain(error) || saidOf(error) !== undefined) return classify(error);
    const { message, code, syscall } = error;
    const kind: unknown = Object.getPrototypeOf(error);
    const isSame =
      message === lastMessage && code === lastCode && syscall === lastSyscall && kind === lastKind;
    if (isSame && last !== undefined) return last;
    const judgement = classify(error);
    last = judgement;
    lastKind = kind;
    lastMessage = message;
    lastCode = code;
    lastSyscall = syscall;
    return judgement;
  };
}

function isPlain(error: unknown): error is PlainError {
  try {
    if (!(error instanceof Error)) return false;
    // A cause is not among the fields that are listed.
    if (!plainPrototypes.has(Object.getPrototypeOf(error)) || Object.hasOwn(error, "cause")) {
      return false;
    }
    for (const field in error) if (!systemFields.has(field)) return false;
    return true;
  } catch {
    // A proxy that throws when it is looked at.
    return false;
  }
}
