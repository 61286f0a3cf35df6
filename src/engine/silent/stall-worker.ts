/**
 * The watchdog thread: waits for the watched loop's heartbeat, and when it is late stops the
 * watched thread for a moment, takes its stack and lets it go on.
 *
 * 1. Nothing of the inspector runs while the loop beats.
 * 2. Time that this thread did not get either is not the loop's: a machine that is overloaded,
 *    asleep or stopped is no stall.
 * 3. A stall is told once, and again only after the loop has beaten.
 * 4. What blocks since before this thread ran may be a service that loads: it is told when it lasts
 *    for ten thresholds.
 * 5. Where a debugger listens, nothing is looked at: it is the debugger that holds the thread.
 */
import { writeSync } from "node:fs";
import { type Debugger, type Profiler, Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";
import { place, type StackPlace, type Stall, type StallWorkerData } from "./stall-share.ts";

const { thresholdMs, beatMs, shared, linePrefix } = workerData as StallWorkerData;
const numbers = new Int32Array(shared);
const framesMax = 8;
/** A thread inside one long call of node's own cannot be stopped before it returns. */
const stackWaitMs = 10_000;

const pauseWaitMs = 300;
const thresholdsAtStart = 10;

/** The clock of `system` comes with the whole of it: ten megabytes in a thread that only counts. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

let beats = Atomics.load(numbers, place.beats);
/** When the last beat was seen, plus the time that this thread itself did not run. */
let sinceMs = monotonicMs();
let lookedMs = sinceMs;
let isTold = false;
let hasBeaten = false;

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
    hasBeaten = true;
    return;
  }
  const blockedMs = nowMs - sinceMs - beatMs;
  const limitMs = hasBeaten ? thresholdMs : thresholdMs * thresholdsAtStart;
  if (isTold || blockedMs < limitMs || isDebugged()) return;
  isTold = true;
  takeStack((stack) => tell({ blockedMs: monotonicMs() - sinceMs, stack }));
}

function isDebugged(): boolean {
  return Atomics.load(numbers, place.isDebugged) === 1;
}

function takeStack(done: (stack: readonly StackPlace[]) => void): void {
  const session = new Session();
  const files = new Map<string, string>();
  const waits: NodeJS.Timeout[] = [];
  let isDone = false;
  const finish = (stack: readonly StackPlace[]): void => {
    if (isDone) return;
    isDone = true;
    for (const wait of waits) clearTimeout(wait);
    session.disconnect();
    done(stack);
  };
  waits.push(setTimeout(() => finish([]), stackWaitMs));
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => files.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    // It may have come out of the stall by itself; then this is the stack of something innocent.
    const stack = isStillBlocked() ? placesOf(params.callFrames, files) : [];
    session.post("Debugger.resume", () => finish(stack));
  });
  session.post("Debugger.enable", () => {
    // Answered by an error when it was disconnected meanwhile: nothing may be posted any more.
    if (isDone) return;
    waits.push(setTimeout(() => waits.push(takeProfile(session, finish)), pauseWaitMs));
  });
  session.post("Debugger.pause");
}

function isStillBlocked(): boolean {
  return Atomics.load(numbers, place.beats) === beats;
}

/** A loop without a statement has no place to pause at, but samples of it can be taken. */
function takeProfile(
  session: Session,
  done: (stack: readonly StackPlace[]) => void,
): NodeJS.Timeout {
  session.post("Debugger.disable");
  session.post("Profiler.enable");
  session.post("Profiler.start");
  return setTimeout(() => {
    session.post("Profiler.stop", (_, answer) =>
      done(isStillBlocked() ? hottest(answer?.profile) : []),
    );
  }, pauseWaitMs);
}

function hottest(profile: Profiler.Profile | undefined): readonly StackPlace[] {
  const nodes = profile?.nodes ?? [];
  const parents = new Map<number, Profiler.ProfileNode>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const byHits = nodes.toSorted((a, b) => (b.hitCount ?? 0) - (a.hitCount ?? 0));
  const stack: StackPlace[] = [];
  for (let node = byHits[0]; node !== undefined; node = parents.get(node.id)) {
    const { functionName, url, lineNumber } = node.callFrame;
    if (url !== "") stack.push(placeOf(functionName, url, lineNumber));
  }
  return ownPlaces(stack);
}

function placesOf(
  frames: readonly Debugger.CallFrame[],
  files: ReadonlyMap<string, string>,
): readonly StackPlace[] {
  const all = frames.map(({ functionName, location, url }) =>
    placeOf(functionName, files.get(location.scriptId) || url, location.lineNumber),
  );
  return ownPlaces(all);
}

function placeOf(name: string, url: string, lineNumber: number): StackPlace {
  return {
    function: name || "(anonymous)",
    file: url.replace(/^file:\/\//, ""),
    line: lineNumber + 1,
  };
}

/** Without node's own. */
function ownPlaces(stack: readonly StackPlace[]): readonly StackPlace[] {
  return stack.filter(({ file }) => !file.startsWith("node:")).slice(0, framesMax);
}

/** Each function once: what blocks now and then would fill the log of the service. */
const said = new Set<string>();
const linesMax = 100;

function tell(stall: Stall): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
  parentPort?.postMessage(stall);
  if (linePrefix === undefined) return;
  const [first] = stall.stack;
  const key = first ? `${first.file}:${first.function}` : "";
  if (said.has(key) || said.size >= linesMax) return;
  said.add(key);
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
