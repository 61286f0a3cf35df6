/**
 * The process of a vault's agent, from its lock to its end: opens the vault as soon as that can be
 * done, runs an agent in it, keeps its appointments, and answers who asks.
 *
 * waiting (no settings, not initialised, no location there) -> open -> (a location is back) -> ...
 *
 * R1. One for each vault on this machine: a second one is told which process it is.
 * R2. What time or a person can mend, in the fleet file as well, is waited for, and told to the
 *     daemon once. A wrong passphrase, or what is wrong with what lies at the locations, ends it.
 * R3. A location that was away takes part again when it answers as ours: the vault is opened anew
 *     beside the old one, which goes on until then, and when that fails.
 * R4. It ends when it is told to, within one piece of work.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { VaultSpec } from "../../config/index.ts";
import { type ErrorCode, messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { openControlSocket } from "../../platform/vault-agent/index.ts";
import { acquireLock, type Lock, privateDirectory, realClock } from "../../system/index.ts";
import { rawPathOfText } from "../../vault/index.ts";
import type { OpenedVault } from "../open-vault.ts";
import { noteInState, readState } from "../state-file.ts";
import { StreamNotes } from "../streams/stream-notes.ts";
import { Streams } from "../streams/streams.ts";
import { Agent } from "./agent.ts";
import { AgentDesk } from "./agent-desk.ts";
import { openAgentWorld } from "./agent-world-of.ts";
import { Appointment } from "./appointment.ts";
import { Duties, type OpenVault } from "./duties.ts";

export interface AgentRun {
  /** What the fleet says of the vault: once, and again while that cannot be used (R2). */
  readonly settings: () => Promise<VaultSpec>;
  /** See `vaultFolder`. */
  readonly folder: string;
  /** It is left out of what is protected. */
  readonly dataFolder: string;
  /** Where it is asked; see `askAgent`. */
  readonly socketPath: string;
  readonly open: (spec: VaultSpec, options: Parameters<OpenVault>[0]) => ReturnType<OpenVault>;
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly log: (text: string) => void;
  /** Between two looks for what is not there; doubles up to the longest. Default 2 s, 5 min. */
  readonly pauseMs?: { readonly shortest: number; readonly longest: number };
}

interface Running extends Omit<AgentRun, "settings" | "open"> {
  readonly spec: VaultSpec;
  readonly open: OpenVault;
}

/** @throws SoulMirrorError VAULT_LOCKED (R1), or why it cannot ever work (R2) */
export async function runAgent(given: AgentRun): Promise<void> {
  const { settings, ...run } = given;
  await using held = new AsyncDisposableStack();
  held.use(lockOf(join(privateDirectory(join(run.folder, "agent")), "lock")));
  const told = new AbortController();
  const signal = AbortSignal.any([run.signal, told.signal]);
  const desk = new AgentDesk(() => told.abort());
  held.use(await openControlSocket(run.socketPath, (request) => desk.answer(request)));
  try {
    const spec = await patiently({ ...run, signal }, desk, settings);
    const open: OpenVault = (options) =>
      run.open(spec, { ...options, onDamage: (damage) => desk.damaged(damage) });
    const running: Running = { ...run, spec, open, signal };
    held.use(await receiveStreams(running, desk));
    let opened = await patiently(running, desk, () => open({ signal }));
    while (!signal.aborted) opened = await serve(opened, running, desk);
    await opened[Symbol.asyncDispose]();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Also while the vault cannot be opened: receiving needs none of its locations. */
async function receiveStreams(
  { folder, log, spec }: Running,
  desk: AgentDesk,
): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  const notes = held.use(new StreamNotes(folder, log));
  await notes.declare(Object.keys(spec.streams));
  const streams = await Streams.start({
    spec,
    folder,
    tell: (told) => {
      log(`stream ${told.stream}: ${told.kind}: ${told.text}`);
      notes.tell(told);
    },
    onChange: (folders) => desk.agent?.protectSoon(folders.map(rawPathOfText)),
  });
  held.use(streams);
  return held.move();
}

/** R1. */
function lockOf(path: string): Lock {
  try {
    return acquireLock(path);
  } catch (error) {
    if (!(error instanceof SoulMirrorError) || error.code !== "DATA_DIRECTORY_HELD") throw error;
    const [who] = error.message.split(" holds ");
    throw new SoulMirrorError("VAULT_LOCKED", `${who} is the agent of this vault already`, {
      fix: "`soulmirror vault status` shows what it does; a daemon starts it again when it ends",
      cause: error,
    });
  }
}

const usualPauseMs = { shortest: 2000, longest: 300_000 };
/** Where there is no vault at all yet, a look costs next to nothing. */
const longestAtFirstMs = 30_000;

type Waiting = Pick<AgentRun, "folder" | "log" | "pauseMs" | "signal">;

/** R2. */
async function patiently<T>(run: Waiting, desk: AgentDesk, attempt: () => Promise<T>): Promise<T> {
  const { shortest } = run.pauseMs ?? usualPauseMs;
  let reason = "";
  for (let pauseMs = shortest; ; pauseMs = Math.min(longestAtFirstMs, pauseMs * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayCome(error)) throw error;
      const now = whyClosed(error);
      if (now !== reason) await tellClosed(run, now);
      reason = now;
      desk.wait(now);
    }
    await pause(pauseMs, undefined, { signal: run.signal });
  }
}

const passing: ReadonlySet<ErrorCode> = new Set([
  // The vault, and the places where it lies.
  "VAULT_NOT_FOUND",
  "LOCATION_FAILED",
  // The fleet file, and what it names.
  "CONFIG_NOT_FOUND",
  "CONFIG_INVALID",
  "NOT_FOUND",
]);

function mayCome(error: unknown): boolean {
  return error instanceof SoulMirrorError && passing.has(error.code);
}

function whyClosed(error: unknown): string {
  const fix = error instanceof SoulMirrorError && error.fix !== undefined ? ` (${error.fix})` : "";
  return `${messageOf(error)}${fix}`;
}

/** For people, and for the daemon that watches the vault. */
async function tellClosed({ folder, log }: Waiting, reason: string): Promise<void> {
  log(`waits: ${reason}`);
  const at = Math.floor(realClock.now().wallMs);
  const run = { at, snapshot: "", verdict: "failed", reason } as const;
  await noteInState(folder, at, [{ kind: "run", run, locations: [] }]);
}

/** Until a better vault is there, which it returns; or until told to end. */
async function serve(opened: OpenedVault, run: Running, desk: AgentDesk): Promise<OpenedVault> {
  const { dataFolder, folder, log, open, signal, spec } = run;
  const ending = new AbortController();
  await using held = new AsyncDisposableStack();
  held.use(opened);
  for (const { location, reason } of opened.leftOut) log(`without ${location}: ${reason}`);
  const options = { spec, opened, folder, dataFolder, onNotice: log };
  const { limits, world } = held.use(openAgentWorld(options));
  const agent = held.use(new Agent(world, limits));
  held.defer(() => ending.abort());
  const duties = new Duties({
    spec,
    folder,
    open,
    signal: AbortSignal.any([signal, ending.signal]),
  });
  for (const each of await appointments(run, { agent, duties })) held.use(each);
  desk.serve(agent, duties);
  held.defer(() => desk.wait("it is being opened anew"));
  log(`protects ${spec.sources.join(", ")} in ${opened.vault.places.length} locations`);
  const failed = agent.begin().then(() => new Promise<never>(() => {}));
  return await Promise.race([failed, betterVault(opened, run)]);
}

/** R3. */
async function betterVault(opened: OpenedVault, run: Running): Promise<OpenedVault> {
  const { log, open, signal } = run;
  const { shortest, longest } = run.pauseMs ?? usualPauseMs;
  const missing = opened.leftOut.length;
  if (missing === 0) return await endOf(signal);
  for (let pauseMs = shortest; ; pauseMs = Math.min(longest, pauseMs * 2)) {
    await pause(pauseMs, undefined, { signal });
    try {
      const fresh = await open({ signal });
      if (fresh.leftOut.length < missing) return fresh;
      await fresh[Symbol.asyncDispose]();
    } catch (error) {
      signal.throwIfAborted();
      log(`it is not opened anew: ${messageOf(error)}`);
    }
  }
}

function endOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason as Error);
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  return promise;
}

interface Served {
  readonly agent: Agent;
  readonly duties: Duties;
}

/** What is due by the calendar; all else the agent sees to by itself. */
async function appointments(
  { folder, log, spec }: Running,
  { agent, duties }: Served,
): Promise<readonly Appointment[]> {
  const nowMs = realClock.now().wallMs;
  const { drills, since } = await readState(folder, nowMs);
  const { drill, schedule } = spec;
  const made: Appointment[] = [];
  const onFailure = (reason: string): void => log(`the schedule goes on: ${reason}`);
  if (schedule.kind === "cron") {
    const work = async (): Promise<boolean> => {
      await agent.answer({ do: "backup" });
      return true;
    };
    made.push(new Appointment({ schedule, lastMs: nowMs, work, onFailure }));
  }
  if (drill !== undefined) {
    const lastMs = drills.at(-1)?.at ?? since;
    const work = (): Promise<boolean> => drilled(duties, log);
    made.push(new Appointment({ schedule: drill, lastMs, work, onFailure }));
  }
  return made;
}

async function drilled(duties: Duties, log: AgentRun["log"]): Promise<boolean> {
  try {
    await duties.drill();
    log("drill: what was restored is as it should be");
    return true;
  } catch (error) {
    log(`drill: ${messageOf(error)}`);
    // One that differed is done, and is told by its report.
    return error instanceof SoulMirrorError && error.code === "VAULT_DAMAGED";
  }
}
