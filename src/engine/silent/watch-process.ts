/**
 * The guards of the process for engines that are made in code: one set, however many ask for it.
 * Beside `soulmirror/register` that has one already, nothing is added.
 */
import { type GuardOptions, guardProcess } from "./guard-process.ts";

type Emit = (this: unknown, ...details: unknown[]) => boolean;

export interface WatchProcessOptions {
  /**
   * The event loop may be blocked for so long: milliseconds from 20, or `"500ms"`; `false`: for any
   * time. Default: `RELIABILITY_STALL_MS`, else 200 ms.
   */
  readonly stalls?: number | string | false;
}

const registered = Symbol.for("soulmirror.register");

let users = 0;
let end: (() => void) | undefined;

/** What the first one asks for holds for all. The last one to stop ends it. */
export function watchProcess(options: Omit<GuardOptions, "say">): () => void {
  if (Reflect.has(process, registered)) return () => {};
  users += 1;
  end ??= start(options);
  let isStopped = false;
  return () => {
    if (isStopped) return;
    isStopped = true;
    users -= 1;
    if (users > 0) return;
    end?.();
    end = undefined;
  };
}

function start(options: Omit<GuardOptions, "say">): () => void {
  const guard = guardProcess(options);
  const restore = overhear(guard.see);
  return () => {
    restore();
    guard.stop();
  };
}

/** As in `register`, which loads nothing at its start and has its own therefore. */
function overhear(hear: (details: readonly unknown[]) => void): () => void {
  const before = Reflect.getOwnPropertyDescriptor(process, "emit");
  const { emit: original } = process as unknown as { readonly emit: Emit };
  let isOver = false;
  const emit: Emit = function emit(...details) {
    const answer = Reflect.apply(original, this, details);
    if (!isOver) hear(details);
    return answer;
  };
  const own = { configurable: true, writable: true, enumerable: false, value: emit };
  Object.defineProperty(process, "emit", own);
  return () => {
    isOver = true;
    // Somebody who came later holds ours, and keeps it.
    if (Reflect.get(process, "emit") !== emit) return;
    if (before === undefined) Reflect.deleteProperty(process, "emit");
    else Object.defineProperty(process, "emit", before);
  };
}
