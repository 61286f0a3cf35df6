/**
 * The agent of a vault: protects what changes as it changes, and heals what is lost. A process of
 * its own runs one; the daemon only reads its state.
 *
 * start -> everything is compared -> watch -> folders that changed -> snapshot -> losses ->
 * verdicts
 *
 * A1. One piece of work is in the vault at a time, under locks of its own; between two of them no
 *     lock is held, so that others may prune.
 * A2. What could not be protected is tried again, with pauses that double, and what changes
 *     meanwhile is added to it.
 * A3. Losses are looked for behind every snapshot, and written down before they are judged.
 * A4. Without a change nothing wakes but the schedule.
 */
import { mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { dirname, join } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { type TreeWatch, type WatchEvent, watchTree } from "../../platform/watch/index.ts";
import { realClock, realTimers, replaceFile } from "../../system/index.ts";
import {
  judgeRun,
  type RawPath,
  rawPathOfText,
  type StoredSnapshot,
  type Suspicion,
  withSession,
} from "../../vault/index.ts";
import { AcceptanceFile } from "./acceptance-file.ts";
import { type AgentLimits, type AgentWorld, agentLimits } from "./agent-world.ts";
import { type ControlRequest, openControlSocket } from "./control-socket.ts";
import type { FactSources } from "./gather-facts.ts";
import { GitMemory } from "./git-memory.ts";
import { createHealWorld } from "./heal-world.ts";
import { Healer, type ToldOutcome } from "./healer.ts";
import { type Loss, Losses } from "./losses.ts";
import { Protector, SourceAway } from "./protector.ts";
import { provenNsOf } from "./proven.ts";
import { Scrubber } from "./scrubber.ts";
import { nodesBelow } from "./snapshot-trees.ts";
import { Turns } from "./turns.ts";
import { type Wish, Wishes } from "./wishes.ts";

export interface AgentState {
  readonly pid: number;
  readonly phase: "starting" | "resting" | "protecting" | "failing" | "frozen";
  /** Why it fails or is frozen. */
  readonly reason: string;
  readonly snapshot: { readonly id: string; readonly atMs: number } | undefined;
  readonly places: readonly {
    readonly location: string;
    readonly holds: boolean;
    readonly reason: string;
  }[];
  readonly snapshots: number;
  readonly suspicions: readonly Suspicion[];
  /** Paths that wait for a verdict. */
  readonly waiting: number;
  readonly outcomes: readonly ToldOutcome[];
  readonly watch: string;
}

const quietFoldersMax = 20_000;
const stateName = "state.json";
export const socketName = "agent.sock";

export class Agent implements AsyncDisposable {
  readonly #world: AgentWorld;
  readonly #limits: AgentLimits;
  readonly #end = new AbortController();
  readonly #wishes = new Wishes();
  readonly #turns = new Turns();
  readonly #losses: Losses;
  readonly #protector: Protector;
  readonly #git: GitMemory;
  readonly #acceptances: AcceptanceFile;
  readonly #healer: Healer;
  readonly #scrubber: Scrubber;
  /** When something last changed in a folder, by the monotonic clock. */
  readonly #changedMs = new Map<RawPath, number>();
  readonly #stopped = Promise.withResolvers<void>();
  #watch: TreeWatch | undefined;
  #control: Server | undefined;
  #running: Promise<void> | undefined;
  #cancelRetry: () => void = () => {};
  #cancelSchedule: () => void = () => {};
  #cancelGit: () => void = () => {};
  /** After a failure, until it is tried again. */
  #isResting = false;
  #failures = 0;
  #protectedFiles = 0;
  #isRecalled = false;
  #isWatching = false;
  #filesBefore: number | undefined;
  #state: AgentState;

  private constructor(world: AgentWorld, limits: AgentLimits) {
    this.#world = world;
    this.#limits = limits;
    mkdirSync(world.folder, { recursive: true, mode: 0o700 });
    this.#losses = new Losses(world, limits);
    this.#protector = new Protector(world, this.#losses.mountsBefore);
    this.#git = new GitMemory(world);
    this.#acceptances = new AcceptanceFile(world.folder);
    const { signal } = this.#end;
    const losses = this.#losses;
    this.#healer = new Healer({
      world,
      limits,
      losses,
      signal,
      ports: (record) =>
        createHealWorld({
          facts: this.#factSources(),
          record,
        }),
      onSettled: () => {
        losses.save(this.#protector.mounts);
        this.#tell({});
        this.#renewGit();
      },
    });
    this.#scrubber = new Scrubber({
      world,
      limits,
      losses,
      signal,
      last: () => this.#protector.last,
      onFound: () => this.#healer.wake(),
    });
    this.#state = {
      pid: process.pid,
      phase: "starting",
      reason: "",
      snapshot: undefined,
      places: [],
      snapshots: 0,
      suspicions: [],
      waiting: 0,
      outcomes: [],
      watch: "",
    };
  }

  /** Resolves when everything was compared, and is watched; or when that failed and is retried. */
  static async start(world: AgentWorld, limits: Partial<AgentLimits> = {}): Promise<Agent> {
    const agent = new Agent(world, { ...agentLimits, ...limits });
    try {
      await agent.#start();
      return agent;
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Resolves when somebody asked over the socket that it stops. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error("the agent ends"));
    for (const cancel of [this.#cancelRetry, this.#cancelSchedule, this.#cancelGit]) cancel();
    this.#control?.close();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#running;
    await this.#scrubber[Symbol.asyncDispose]();
    await this.#healer[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    this.#control = await openControlSocket(join(this.#world.folder, socketName), (request) =>
      this.#answer(request),
    );
    const { excludes, sources, without } = this.#world;
    this.#watch = await watchTree({
      roots: sources,
      exclude: excludes,
      without,
      hear: (event) => this.#hear(event),
      limits: { reconcileEveryMs: this.#limits.scheduleMs },
    });
    this.#isWatching = true;
    this.#wish({ kind: "everything", reason: "start" });
    await this.#running;
    this.#scrubber.begin();
  }

  #hear(event: WatchEvent): void {
    const nowMs = realClock.now().monotonicMs;
    if (event.kind === "changed") {
      for (const folder of event.folders) this.#changedMs.set(folder, nowMs);
      if (this.#changedMs.size > quietFoldersMax) this.#changedMs.clear();
      this.#git.note(event.folders, nowMs);
      this.#wish({ kind: "changed", folders: event.folders });
    } else if (event.kind === "reconcile") {
      this.#git.note([event.root], nowMs);
      // At the start each root is told by itself, and all of them are compared together.
      if (!this.#isWatching) return;
      this.#wish({ kind: "everything", reason: event.reason });
    } else {
      const watch = event.kind === "scanning" && event.folderCount === 0 ? "" : event.kind;
      this.#tell({ watch });
      // Its absence is told by the next attempt, which does not take it for a loss.
      if (event.kind === "gone") this.#wish({ kind: "everything", reason: "gone" });
    }
  }

  #wish(wish: Wish): void {
    this.#wishes.add(wish);
    if (this.#running !== undefined || this.#isResting || this.#end.signal.aborted) return;
    this.#running = this.#fulfil().finally(() => {
      this.#running = undefined;
      // What came between the last look and here.
      if (!this.#wishes.isEmpty) this.#wish(this.#wishes.take());
    });
  }

  async #fulfil(): Promise<void> {
    while (!this.#wishes.isEmpty && !this.#end.signal.aborted) {
      const wish = this.#wishes.take();
      try {
        this.#tell({ phase: "protecting" });
        await this.#turns.run(() => this.#protect(wish));
        this.#failures = 0;
        this.#tell({ phase: "resting", reason: "" });
      } catch (error) {
        if (this.#end.signal.aborted) return;
        this.#wishes.add(wish);
        this.#tryLater(error);
        return;
      }
    }
  }

  /** A2. */
  #tryLater(error: unknown): void {
    const { retryMaxMs, retryMinMs } = this.#limits;
    const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    this.#isResting = true;
    const phase = error instanceof SourceAway ? "frozen" : "failing";
    this.#tell({ phase, reason: messageOf(error) });
    this.#cancelRetry = realTimers.after(delayMs, () => {
      this.#isResting = false;
      this.#wish(this.#wishes.take());
    });
  }

  async #protect(wish: Wish): Promise<void> {
    const { vault } = this.#world;
    const { signal } = this.#end;
    const began = realClock.now();
    await withSession(vault, { isExclusive: false, signal }, async (session) => {
      const looks = { trees: vault.trees, signal: session.signal };
      if (!this.#isRecalled) await this.#losses.recall(looks);
      this.#isRecalled = true;
      const outcome = await this.#protector.protect(session, wish);
      const parent = outcome.snapshot.parent;
      await this.#losses.find(outcome.snapshot, undefined, looks);
      this.#losses.save(this.#protector.mounts);
      if (wish.kind === "everything") await this.#countProtected(outcome.snapshot);
      const suspicions = wish.kind === "changed" ? [] : this.#suspicionsOf(outcome.tally, began);
      const { id } = outcome.snapshot;
      this.#tell({
        snapshot: { id, atMs: began.wallMs },
        places: outcome.places,
        snapshots: this.#state.snapshots + 1,
        suspicions,
      });
      if (wish.kind === "everything") {
        await this.#world.record(suspicions.length > 0 ? "suspect" : "backup", { id, parent });
      }
    });
    this.#healer.wake();
    this.#renewGit();
    this.#schedule();
  }

  #suspicionsOf(
    tally: Parameters<typeof judgeRun>[0]["tally"],
    began: { readonly wallMs: number; readonly monotonicMs: number },
  ): readonly Suspicion[] {
    const now = realClock.now();
    const { changedFiles, newFiles, unchangedFiles } = tally.counts;
    const suspicions = judgeRun({
      // What went while it was looked at is told by the watch as well.
      tally: { ...tally, failures: tally.failures.filter(({ code }) => code !== "ENOENT") },
      filesBefore: this.#filesBefore,
      wallElapsedMs: now.wallMs - began.wallMs,
      elapsedMs: now.monotonicMs - began.monotonicMs,
      sinceLastMs:
        this.#state.snapshot === undefined ? undefined : began.wallMs - this.#state.snapshot.atMs,
    });
    if (suspicions.length === 0) this.#filesBefore = changedFiles + newFiles + unchangedFiles;
    return suspicions;
  }

  async #countProtected({ tree }: StoredSnapshot): Promise<void> {
    const looks = { trees: this.#world.vault.trees, signal: this.#end.signal };
    let count = 0;
    for await (const { node, path } of nodesBelow(tree, "/" as RawPath, looks)) {
      if (node.kind === "file" && this.#world.policyAt(path) !== "leave") count += 1;
    }
    this.#protectedFiles = count;
  }

  #schedule(): void {
    this.#cancelSchedule();
    this.#cancelSchedule = realTimers.after(this.#limits.scheduleMs, () =>
      this.#wish({ kind: "everything", reason: "schedule" }),
    );
  }

  #renewGit(): void {
    this.#cancelGit();
    const nowMs = realClock.now().monotonicMs;
    const quietMs = this.#limits.gitQuietMs;
    const planNext = (nextMs: number | undefined): void => {
      if (nextMs === undefined || this.#end.signal.aborted) return;
      this.#cancelGit = realTimers.after(nextMs, () => this.#renewGit());
    };
    void this.#git.renew(this.#losses.waiting, { nowMs, quietMs }).then(planNext);
  }

  #factSources(): FactSources {
    return {
      world: this.#world,
      losses: this.#losses,
      git: this.#git,
      signal: this.#end.signal,
      quietMsOf: (path) => {
        const at = this.#changedMs.get(dirname(path) as RawPath);
        return at === undefined ? Number.POSITIVE_INFINITY : realClock.now().monotonicMs - at;
      },
      mountBefore: (source) => this.#protector.mountBefore(source),
      isAccepted: (path) => this.#acceptances.holds(path),
      recentHealsOf: (path) => this.#healer.recentHealsOf(path),
      protectedFiles: () => this.#protectedFiles,
      provenNsOf: (loss) => this.#provenNsOf(loss),
    };
  }

  /** Rot is rare: then all snapshots are asked. */
  #provenNsOf(loss: Loss): Promise<bigint | undefined> {
    const { signal } = this.#end;
    const options = { isExclusive: false, signal };
    return this.#turns.run(() =>
      withSession(this.#world.vault, options, (session) => provenNsOf(loss, session)),
    );
  }

  async #answer(request: ControlRequest): Promise<unknown> {
    switch (request.do) {
      case "status":
        return this.#state;
      case "backup":
        this.#wish({ kind: "everything", reason: "asked" });
        return undefined;
      case "stop":
        this.#stopped.resolve();
        return undefined;
      default:
        await this.#acceptances.add(rawPathOfText(request.path), request.forMs);
        await this.#world.record("accepted", { path: request.path });
        return undefined;
    }
  }

  #tell(change: Partial<AgentState>): void {
    const { waiting } = this.#losses;
    const { outcomes } = this.#healer;
    this.#state = { ...this.#state, ...change, waiting: waiting.length, outcomes: [...outcomes] };
    const text = JSON.stringify(this.#state);
    try {
      replaceFile(join(this.#world.folder, stateName), text);
    } catch {
      // A full disk: the state is told over the socket still, and what is protected goes on.
    }
  }
}
