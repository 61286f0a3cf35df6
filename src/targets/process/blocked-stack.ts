/**
 * Where does a Node process hang? Node opens its inspector when it gets SIGUSR1, also while its
 * JavaScript runs in a circle: we look at the stack once and have it closed again.
 *
 * J1. SIGUSR1 is sent only to a program that is node and has a handler for it: the default of that
 *     signal is death. (A handler of the program's own cannot be told from Node's; such a program
 *     gets its signal and shows no stack.)
 * J2. An inspector that was open before is not used and not closed.
 * J3. What was opened is closed, also when it opens only after the deadline; a process that hangs
 *     in native code opens it when it comes back, and then it is closed, too.
 * J4. One process at a time: all would use the same port.
 * J5. Node hangs up when it closes its inspector. Who hangs up first, while it does, can crash it
 *     (Node 24: 4 of 84 idle processes died of SIGSEGV; of 154 that hung up themselves, none).
 */
import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { messageOf, type Timers } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";
import { catchesSignal, isAlive, livingStat, type ProcessStat } from "../../system/index.ts";
import { InspectorSession } from "./inspector-session.ts";
import { membersOf, signalProcess } from "./members.ts";
import { pause } from "./pause.ts";
import type { Run } from "./run.ts";
import type { ServiceLog } from "./service-log.ts";

export interface StackRequest {
  readonly run: Run;
  readonly log: ServiceLog;
  readonly timers: Timers;
  /** When the answer is no longer waited for. */
  readonly signal: AbortSignalLike;
}

const userSignal = 10;
const framesMax = 15;
const pollMs = 5;
/** JavaScript that runs stops within a moment; what does not stop does not run. */
const patienceMs = 150;
/** How long an inspector that opens late is waited for, only to close it. */
const closingMs = 10_000;
/** It takes some milliseconds; a process that hangs in native code does not hang up at all. */
const hangUpMs = 5000;
const closeExpression = `(globalThis.process?.getBuiltinModule?.("node:inspector")
  ?? require("node:inspector")).close()`;

export class BlockedStack {
  #isBusy = false;

  /** The stack in lines, or why there is none. Resolves when `signal` aborts, at the latest. */
  async read(request: StackRequest): Promise<string> {
    const suspect = suspectOf(request.run);
    if (suspect === undefined) return "";
    if (this.#isBusy) return "its stack was not read: another process is being looked at";
    this.#isBusy = true;
    const examined = examine(request, suspect).finally(() => {
      this.#isBusy = false;
    });
    const late = pause(request.timers, closingMs, request.signal);
    return Promise.race([examined, late.then(() => "its stack could not be read in time")]);
  }
}

/** Of a launcher and its children, the one that is busy. Keeps J1. */
function suspectOf(run: Run): ProcessStat | undefined {
  const leader = livingStat(run.process);
  const members = leader ? [leader, ...membersOf(run).filter(({ pid }) => pid !== leader.pid)] : [];
  const nodes = members.filter(
    ({ pid, state }) => state !== "T" && isNode(pid) && catchesSignal(pid, userSignal),
  );
  return nodes.find(({ state }) => state === "R") ?? nodes[0];
}

function isNode(pid: number): boolean {
  try {
    const program = basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "");
    return program === "node" || program === "nodejs";
  } catch {
    // Gone, or somebody else's: hands off.
    return false;
  }
}

async function examine(request: StackRequest, suspect: ProcessStat): Promise<string> {
  const { log, timers, signal } = request;
  const from = log.end();
  if (!signalProcess(suspect, "SIGUSR1")) return "";
  const over = new AbortController();
  const cancel = timers.after(closingMs, () => over.abort());
  try {
    const opened = await inspectorOf(request, from, over.signal);
    if (opened.url === undefined) return `its stack could not be read: ${opened.reason}`;
    using session = await InspectorSession.open(opened.url, over.signal);
    try {
      return signal.aborted ? "" : await stackThrough(session, request);
    } finally {
      session.post("Debugger.disable");
      session.post("Runtime.evaluate", {
        expression: closeExpression,
        includeCommandLineAPI: true,
      });
      // Keeps J5.
      const hungUp = new AbortController();
      void session.ended.then(() => hungUp.abort());
      await pause(timers, hangUpMs, hungUp.signal);
    }
  } catch (error) {
    return `its stack could not be read: ${messageOf(error)}`;
  } finally {
    cancel();
  }
}

type Opened = { readonly url: string } | { readonly url?: undefined; readonly reason: string };

/** Node says on its standard error, which is the service's log, where it listens. */
async function inspectorOf(
  { log, timers, run }: StackRequest,
  from: number,
  over: AbortSignalLike,
): Promise<Opened> {
  while (!over.aborted && isAlive(run.process)) {
    const text = (await log.read(from, log.end())).bytes.toString("utf8");
    const url = /^Debugger listening on (ws:\/\/\S+)\n/m.exec(text)?.[1];
    if (url !== undefined) return { url };
    const refusal = /^Starting inspector on .* failed: .*$/m.exec(text)?.[0];
    if (refusal !== undefined) return { reason: refusal };
    await pause(timers, pollMs, over);
  }
  return { reason: "it did not open its inspector" };
}

interface Frame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

async function stackThrough(session: InspectorSession, request: StackRequest): Promise<string> {
  await session.send("Debugger.enable");
  const paused = session.event("Debugger.paused");
  session.post("Debugger.pause");
  const patience = pause(request.timers, patienceMs, request.signal).then(() => undefined);
  const event = await Promise.race([paused, patience]);
  const frames = (event?.["callFrames"] ?? []) as readonly Frame[];
  if (frames.length === 0) return "it runs no JavaScript: it waits, or it hangs in native code";
  const lines = frames.slice(0, framesMax).map(({ functionName, location }) => {
    const { scriptId, lineNumber, columnNumber } = location;
    const place = `${session.scripts.get(scriptId) ?? "?"}:${lineNumber + 1}:${columnNumber + 1}`;
    return `  at ${functionName === "" ? "(anonymous)" : functionName} (${place})`;
  });
  return `its JavaScript stack:\n${lines.join("\n")}`;
}
