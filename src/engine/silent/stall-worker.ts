/**
 * The watchdog thread: waits for the watched loop's heartbeat, and when it is late stops the
 * watched thread for a moment, takes its stack and lets it go on.
 *
 * 1. Nothing of the inspector runs while the loop beats.
 * 2. Time that this thread did not get either is not the loop's: a machine that is overloaded,
 *    asleep or stopped is no stall.
 * 3. A stall is told once, and again only after the loop has beaten.
 * 4. Where a debugger listens, nothing is looked at: it is the debugger that holds the thread.
 */
import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";
import { place, type StackPlace, type Stall, type StallWorkerData } from "./stall-share.ts";

const { thresholdMs, beatMs, shared, linePrefix } = workerData as StallWorkerData;
const numbers = new Int32Array(shared);
const framesMax = 8;
/** A thread inside one long call of node's own cannot be stopped before it returns. */
const stackWaitMs = 10_000;

/** The clock of `system` comes with the whole of it: ten megabytes in a thread that only counts. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

let beats = Atomics.load(numbers, place.beats);
/** When the last beat was seen, plus the time that this thread itself did not run. */
let sinceMs = monotonicMs();
let lookedMs = sinceMs;
let isTold = true;

setInterval(look, beatMs);

function look(): void {
  const nowMs = monotonicMs();
  const missedMs = Math.max(0, nowMs - lookedMs - 2 * beatMs);
  lookedMs = nowMs;
  sinceMs += missedMs;
  const current = Atomics.load(numbers, place.beats);
  if (current !== beats) {
    beats = current;
    sinceMs = nowMs;
    isTold = false;
    return;
  }
  const blockedMs = nowMs - sinceMs - beatMs;
  if (isTold || blockedMs < thresholdMs || isDebugged()) return;
  isTold = true;
  takeStack((stack) => tell({ blockedMs: monotonicMs() - sinceMs, stack }));
}

function isDebugged(): boolean {
  return Atomics.load(numbers, place.isDebugged) === 1;
}

function takeStack(done: (stack: readonly StackPlace[]) => void): void {
  const session = new Session();
  const files = new Map<string, string>();
  let isDone = false;
  const finish = (stack: readonly StackPlace[]): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(patience);
    session.disconnect();
    done(stack);
  };
  const patience = setTimeout(() => finish([]), stackWaitMs);
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => files.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    // It may have come out of the stall by itself; then this is the stack of something innocent.
    const isStill = Atomics.load(numbers, place.beats) === beats;
    session.post("Debugger.resume", () =>
      finish(isStill ? placesOf(params.callFrames, files) : []),
    );
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

function placesOf(
  frames: readonly Debugger.CallFrame[],
  files: ReadonlyMap<string, string>,
): readonly StackPlace[] {
  const all = frames.map((frame) => ({
    function: frame.functionName || "(anonymous)",
    file: (files.get(frame.location.scriptId) || frame.url).replace(/^file:\/\//, ""),
    line: frame.location.lineNumber + 1,
  }));
  return all.filter(({ file }) => !file.startsWith("node:")).slice(0, framesMax);
}

function tell(stall: Stall): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
  parentPort?.postMessage(stall);
  if (linePrefix === undefined) return;
  const [first] = stall.stack;
  const where = first ? ` in ${first.function} (${first.file}:${first.line})` : "";
  try {
    writeSync(
      2,
      `${linePrefix}the event loop has been blocked for ${stall.blockedMs} ms${where}\n`,
    );
  } catch {
    // Nobody reads stderr.
  }
}
