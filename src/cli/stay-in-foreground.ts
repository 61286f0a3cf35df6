/**
 * The foreground of `up`: shows what happens, passes signals on, and keeps a daemon there.
 *
 * The daemon runs in a session of its own, so Ctrl-C reaches only us:
 * G1. The first SIGINT or SIGTERM stops the services in order and then the daemon. A second one
 *     ends only the daemon; the services run on, and the next `up` adopts them. One that follows at
 *     once is the echo of the first: below npm, a single Ctrl-C arrives twice.
 * G2. A daemon that died by an accident is started again; the services have not noticed. One that
 *     was started by somebody else meanwhile is taken as ours.
 * G3. SIGHUP is passed on (the fleet file is read again), unless it means that our terminal is
 *     gone: then we go, and everything runs on.
 */
import { setTimeout as pause } from "node:timers/promises";
import { formatDuration, messageOf, SoulMirrorError } from "../kernel/index.ts";
import { isAlive, realClock } from "../system/index.ts";
import type { Context } from "./command.ts";
import { DaemonClient } from "./daemon-client.ts";
import { type DaemonNote, readDaemonNote } from "./daemon-note.ts";
import { followEvents, positionBefore } from "./events.ts";
import { tellPage } from "./page-link.ts";
import { type DaemonStart, type StartedDaemon, startDaemon } from "./start-daemon.ts";
import { endDaemon, signalDaemon, stopServices } from "./stop-fleet.ts";
import { EntryTeller } from "./tell-entry.ts";
import { withDaemon } from "./with-daemon.ts";

export interface Foreground {
  readonly context: Context;
  readonly start: DaemonStart;
  readonly daemon: StartedDaemon;
}

const lookEveryMs = 100;
const echoMs = 500;
/** More accidents than this within the window are no accidents. */
const accidentsMax = 5;
const windowMs = 60_000;
const entriesBefore = 200;
const successorLooks = 300;

export async function stayInForeground(foreground: Foreground): Promise<number> {
  const { context, start } = foreground;
  const { out } = context;
  const stop = new AbortController();
  const leave = new AbortController();
  let note = foreground.daemon.note;
  let stoppedMs = Number.POSITIVE_INFINITY;
  const onStop = (): void => {
    const nowMs = realClock.now().monotonicMs;
    if (nowMs - stoppedMs > echoMs) leave.abort();
    stoppedMs = Math.min(stoppedMs, nowMs);
    stop.abort();
  };
  const onHangUp = (): void => {
    if (process.stdin.isTTY) process.exit(0);
    signalDaemon(note, "SIGHUP");
  };
  process.on("SIGINT", onStop).on("SIGTERM", onStop).on("SIGHUP", onHangUp);
  out.progress("");
  await greet(context, note);

  const accidents: number[] = [];
  while (!stop.signal.aborted) {
    await showUntilOver(context, { note, signal: stop.signal });
    if (stop.signal.aborted) break;
    const successor = livingSuccessor(start.dataPath);
    if (successor === undefined && endedInOrder(start.dataPath)) {
      out.note("The daemon has ended.");
      return 0;
    }
    if (successor === undefined) refuseTooMany(accidents);
    note = successor ?? (await replace(start));
    out.note(`The daemon was gone; pid ${note.pid} goes on with the services that run.`);
  }
  return takeDown(context, { note, leave: leave.signal });
}

async function greet(context: Context, note: DaemonNote): Promise<void> {
  const { out, place } = context;
  await withDaemon(context, async (client) => {
    const { origin } = client;
    if (out.isJson) {
      out.write(JSON.stringify({ daemon: note.pid, url: origin, data: place.dataPath }));
      return;
    }
    out.write(`${out.style.paint("bold", "SoulMirror")} is up: ${origin} (pid ${note.pid})`);
    out.write(await tellPage(client, out));
    out.write(out.style.paint("grey", "Ctrl-C stops all services; twice leaves them running."));
  });
}

interface Shown {
  readonly note: DaemonNote;
  readonly signal: AbortSignal;
}

/** Lines of the journal as they come, until the daemon is gone or `signal` aborts. */
async function showUntilOver(context: Context, { note, signal }: Shown): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([over.signal, signal]);
  const showing = show(context, { note, signal: either });
  while (isAlive(note) && !signal.aborted) await pause(lookEveryMs);
  over.abort();
  await showing;
}

async function show({ out, place }: Context, { note, signal }: Shown): Promise<void> {
  let after: number | undefined;
  const teller = new EntryTeller(out.style);
  while (!signal.aborted) {
    const client = DaemonClient.at(place);
    try {
      // What the daemon did before we could listen belongs to the story as well.
      after ??= await positionBefore(client, entriesBefore);
      for await (const sealed of followEvents(client, { signal, after })) {
        after = sealed.position;
        teller.hear(sealed.entry);
        if (sealed.at < note.startedAt) continue;
        const line = out.isJson ? JSON.stringify(sealed) : teller.tell(sealed);
        if (line !== undefined) out.write(line);
      }
    } catch {
      // The daemon is going; whoever watches it decides what that means.
    } finally {
      client.close();
    }
    await pause(lookEveryMs * 5, undefined, { signal }).catch(() => undefined);
  }
}

/** Somebody else may have been faster: then theirs it is. */
async function replace(start: DaemonStart): Promise<DaemonNote> {
  try {
    return (await startDaemon(start)).note;
  } catch (error) {
    if (!(error instanceof SoulMirrorError) || error.code !== "DATA_DIRECTORY_HELD") throw error;
    for (let look = 0; look < successorLooks; look += 1) {
      const successor = livingSuccessor(start.dataPath);
      if (successor) return successor;
      await pause(lookEveryMs);
    }
    throw error;
  }
}

function livingSuccessor(dataPath: string): DaemonNote | undefined {
  const note = readDaemonNote(dataPath);
  return note && isAlive(note) ? note : undefined;
}

/** It takes its note away when it ends as it was told to. */
function endedInOrder(dataPath: string): boolean {
  return readDaemonNote(dataPath) === undefined;
}

function refuseTooMany(accidents: number[]): void {
  const now = realClock.now().monotonicMs;
  accidents.push(now);
  while ((accidents[0] ?? now) < now - windowMs) accidents.shift();
  if (accidents.length <= accidentsMax) return;
  const within = formatDuration(windowMs);
  throw new SoulMirrorError("INTERNAL", `the daemon died ${accidents.length} times in ${within}`, {
    fix: "see logs/daemon.log in the data directory; the services run on",
  });
}

async function takeDown(
  { out, place }: Context,
  { note, leave }: { note: DaemonNote; leave: AbortSignal },
): Promise<number> {
  out.note("\nStopping all services; once more leaves them running.");
  try {
    await stopServices(place, { progress: (text) => out.progress(text), signal: leave });
  } catch (error) {
    out.note(`The services could not be stopped: ${messageOf(error)}`);
  }
  out.progress("");
  await endDaemon(note);
  out.note(leave.aborted ? "The daemon has ended; services run on." : "All is stopped.");
  return 0;
}
