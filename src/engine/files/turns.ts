/**
 * Writers of one file in this process, one after the other, in the order in which they called.
 *
 * T1. Two never write the same file at the same time, and the last caller has the last word.
 * T2. Who gives up waiting keeps nobody waiting: the next one follows who was before.
 */
import { deferred } from "../../kernel/index.ts";
import { fileError } from "./file-error.ts";
import { type Patience, settlesInTime } from "./patience.ts";

/** So many may wait for one file. */
const waitingMax = 1000;

interface Line {
  tail: Promise<void>;
  waiting: number;
}

const lines = new Map<string, Line>();

/** Throws FILE_BUSY, FILE_LOCKED, or the reason of the signal. */
export async function inTurn<T>(
  target: string,
  patience: Patience,
  work: () => Promise<T>,
): Promise<T> {
  const line = lines.get(target) ?? { tail: Promise.resolve(), waiting: 0 };
  lines.set(target, line);
  if (line.waiting >= waitingMax) {
    const fix = "await your writes, or write less often";
    throw fileError("FILE_BUSY", `${waitingMax} writers wait for ${target}`, { path: target, fix });
  }
  const turn = deferred<void>();
  const before = line.tail;
  line.tail = before.then(() => turn.promise);
  line.waiting += 1;
  try {
    if (line.waiting > 1 && !(await settlesInTime(before, patience))) throw tooLate(target);
    return await work();
  } finally {
    line.waiting -= 1;
    turn.resolve();
    if (line.waiting === 0) lines.delete(target);
  }
}

/** Resolves when all who are writing the file now have ended, or when the patience has. */
export async function afterWriters(target: string, patience: Patience): Promise<void> {
  const line = lines.get(target);
  if (line !== undefined) await settlesInTime(line.tail, patience);
}

/** For tests: nothing is kept of files that nobody writes. */
export function filesInTurn(): number {
  return lines.size;
}

function tooLate(target: string): Error {
  return fileError("FILE_LOCKED", `the writers of ${target} in this process did not end in time`, {
    path: target,
    fix: "raise lockTimeoutMs; does an update write the file that it updates?",
  });
}
