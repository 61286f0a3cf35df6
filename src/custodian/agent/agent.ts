/**
 * The agent of a vault: protects what changes as it changes, heals what is lost, and keeps what the
 * locations hold sound and small. A process of its own runs one; the daemon only reads its state.
 *
 * watch, schedule -> wish -> one run (`Runner`) -> losses -> verdicts (`HealSide`)
 *                                     behind it: what is told, `Retention`
 * all day, a little at a time: `Scrubber` (sources), `LocationChecks` (locations)
 *
 * A1. One piece of work is in the vault at a time, under locks of its own; between two of them no
 *     lock is held, so that others may prune.
 * A2. What could not be protected, or is not held by the quorum, is tried again: see `WishLoop`.
 * A3. Losses are looked for behind every run, and written down before they are judged.
 * A4. Without a change nothing wakes but the schedule, a location that lags, and the budgets of
 *     what is read again.
 */
import { mkdirSync } from "node:fs";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type { ControlRequest } from "../../platform/vault-agent/index.ts";
import { type TreeWatch, type WatchEvent, watchTree } from "../../platform/watch/index.ts";
import { realClock } from "../../system/index.ts";
import { type FoundDamage, type RawPath, textOfRawPath, withSession } from "../../vault/index.ts";
import { type DumpNote, troublesOfDumps } from "../dumps/dump-notes.ts";
import { type AgentState, StateTeller } from "./agent-state.ts";
import { type AgentLimits, type AgentWorld, agentLimits } from "./agent-world.ts";
import { Alarm } from "./alarm.ts";
import { Books } from "./books.ts";
import { Dumps } from "./dumps.ts";
import { HealSide } from "./heal-side.ts";
import { LocationChecks } from "./location-checks.ts";
import { Losses } from "./losses.ts";
import { Protector, SourceAway } from "./protector.ts";
import { Retention } from "./retention.ts";
import { Runner, type RunReport } from "./runner.ts";
import { settledLosses } from "./settled-losses.ts";
import { Turns } from "./turns.ts";
import { Unfinished, WishLoop } from "./wish-loop.ts";
import type { Wish } from "./wishes.ts";

/** Nothing changed; what was made is looked at again. */
const again: Wish = { kind: "changed", folders: [] };

/** Of more, only how many there are is told. */
const missingMax = 20;

export class Agent implements AsyncDisposable {
  readonly #world: AgentWorld;
  readonly #limits: AgentLimits;
  readonly #end = new AbortController();
  readonly #turns = new Turns();
  readonly #books: Books;
  readonly #dumps: Dumps;
  readonly #runner: Runner;
  readonly #healSide: HealSide;
  readonly #retention: Retention;
  readonly #checks: LocationChecks;
  readonly #teller: StateTeller;
  readonly #loop: WishLoop;
  readonly #scheduleAlarm = new Alarm();
  readonly #lagAlarm = new Alarm();
  #dumping: Promise<void> | undefined;
  #waking: Promise<boolean> | undefined;
  #watch: TreeWatch | undefined;
  #begun: Promise<void> | undefined;
  #isWatching = false;

  constructor(world: AgentWorld, given: Partial<AgentLimits> = {}) {
    const limits = { ...agentLimits, ...given };
    this.#world = world;
    this.#limits = limits;
    for (const folder of [world.vaultFolder, world.folder]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    const { signal } = this.#end;
    const turns = this.#turns;
    const dumps = new Dumps(world);
    const losses = new Losses(world, limits, (path, isFolder) => dumps.isExcluded(path, isFolder));
    const protector = new Protector(world, { dumps, mounts: losses.mounts });
    const onEnd = (): void => this.#teller.tell({});
    const onFailure = (trouble: string): void => this.#teller.tell({ trouble });
    const books = new Books({ world, limits, signal, onFailure });
    const runner = new Runner({ world, limits, losses, protector, books });
    this.#dumps = dumps;
    this.#books = books;
    this.#runner = runner;
    this.#retention = new Retention({ world, limits, books, dumps, turns, signal, onEnd });
    this.#checks = new LocationChecks({ world, limits, books, turns, signal, onEnd });
    this.#healSide = new HealSide({
      world,
      limits,
      losses,
      protector,
      books,
      turns,
      signal,
      protectedFiles: () => runner.protectedFiles,
      onSettled: onEnd,
      onFailure,
    });
    this.#teller = new StateTeller(world.folder, () => ({
      waiting: losses.waiting.length,
      missing: losses.waiting.slice(0, missingMax).map(textOfRawPath),
      outcomes: [...this.#healSide.outcomes],
      dumps: dumps.notes,
      retention: this.#retention.state,
      checks: this.#checks.state,
    }));
    this.#loop = new WishLoop({
      limits,
      signal,
      fulfil: (wish) => this.#fulfil(wish),
      onEnd: (error) => this.#tellEnd(error),
    });
  }

  /** Resolves when everything was compared, and is watched; or when that failed and is retried. */
  begin(): Promise<void> {
    this.#begun ??= this.#begin();
    return this.#begun;
  }

  get state(): AgentState {
    return this.#teller.state;
  }

  /** Runs work in the vault that claims it, between two pieces of the agent's own. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#books.alone(() => this.#turns.run(work));
  }

  /** Somebody who read in the vault stumbled over it. */
  damaged({ id, kind, location }: FoundDamage): void {
    this.#checks.look({ id, kind, location });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error("the agent ends"));
    for (const alarm of [this.#scheduleAlarm, this.#lagAlarm]) alarm[Symbol.dispose]();
    await this.#begun?.catch(() => {});
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#dumping;
    await this.#waking;
    for (const part of [this.#loop, this.#checks, this.#retention, this.#healSide, this.#books]) {
      await part[Symbol.asyncDispose]();
    }
    this.#teller[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    const { excludes, isWatched, sources, without } = this.#world;
    if (isWatched) {
      this.#watch = await watchTree({
        roots: sources,
        exclude: excludes,
        without,
        hear: (event) => this.#hear(event),
        limits: { reconcileEveryMs: this.#limits.scheduleMs },
      });
    }
    this.#isWatching = true;
    this.#loop.add({ kind: "everything", reason: "start" });
    await this.#loop.settled;
    this.#healSide.begin();
    this.#checks.begin();
    // What protects at once does not wait for databases.
    this.#takeDumps((folders) => ({ kind: "changed", folders }));
  }

  #hear(event: WatchEvent): void {
    if (event.kind === "changed") {
      this.#healSide.heard(event.folders);
      this.#loop.add({ kind: "changed", folders: event.folders });
    } else if (event.kind === "reconcile") {
      this.#healSide.doubted(event.root);
      // At the start each root is told by itself, and all of them are compared together.
      if (!this.#isWatching) return;
      if (event.reason === "schedule") this.#lookAtAll("schedule");
      else this.#loop.add({ kind: "everything", reason: event.reason });
    } else {
      const watch = event.kind === "scanning" && event.folderCount === 0 ? "" : event.kind;
      this.#teller.tell({ watch });
      // Its absence is told by the next attempt, which does not take it for a loss.
      if (event.kind === "gone") this.#loop.add({ kind: "everything", reason: "gone" });
    }
  }

  /** Somebody else has written there, and wants it in a snapshot. */
  protectSoon(folders: readonly RawPath[]): void {
    this.#loop.add({ kind: "changed", folders });
  }

  /** Dumps first, so that they are part of it. */
  #lookAtAll(reason: string): void {
    const wish: Wish = { kind: "everything", reason };
    if (Object.keys(this.#world.dumps).length === 0) this.#loop.add(wish);
    else this.#takeDumps(() => wish);
  }

  /** One at a time; who comes meanwhile has them as well. */
  #takeDumps(wishOf: (changed: readonly RawPath[]) => Wish): void {
    const { signal } = this.#end;
    if (Object.keys(this.#world.dumps).length === 0 || signal.aborted) return;
    const taking = this.#dumping ?? Promise.resolve();
    this.#dumping = taking
      .then(() => this.#dumps.take(signal))
      .then((changed) => this.#loop.add(wishOf(changed)))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#teller.tell({ trouble: `dumps: ${messageOf(error)}` });
      });
  }

  async #fulfil(wish: Wish): Promise<void> {
    const { signal } = this.#end;
    this.#teller.tell({ phase: "protecting" });
    await this.#dumps.recall();
    const report = await this.#turns.run(() =>
      withSession(this.#world.vault, { isExclusive: false, signal }, (session) =>
        this.#runner.run(session, wish),
      ),
    );
    this.#tell(report, wish);
    this.#retention.ran(report);
    this.#healSide.wake();
    this.#planNext(report, wish);
    const held = report.places.filter(({ holds }) => holds).length;
    if (held < this.#world.quorum) throw new Unfinished(this.#tooFew(report), again);
  }

  #tell({ away, places, snapshot, suspicions }: RunReport, wish: Wish): void {
    const atMs = Math.floor(this.#world.vault.surroundings.clock.now().wallMs);
    const held = places.filter(({ holds }) => holds).length;
    const isQuorum = held >= this.#world.quorum;
    const kinds = [
      ...suspicions.map(({ kind }) => kind),
      ...troublesOfDumps(this.#dumps.notes),
      ...away,
    ];
    this.#books.ended({ atMs, snapshot: snapshot.id, isQuorum, suspicions: kinds, places });
    this.#teller.tell({
      snapshot: { id: snapshot.id, atMs },
      places,
      away,
      snapshots: this.state.snapshots + 1,
      ...((wish.kind === "everything" || suspicions.length > 0) && { suspicions }),
    });
    if (wish.kind === "changed") return;
    const { id, parent } = snapshot;
    const locations = places.map(({ holds, location }) => ({ location, holds }));
    const dumpsMissing = this.#namesOf(({ trouble }) => trouble !== "");
    const dumpsSuspect = this.#namesOf(({ doubt }) => doubt !== "");
    const { reason } = wish;
    const facts = { snapshot: id, parent, reason, locations, dumpsMissing, dumpsSuspect };
    this.#books.later("backup", facts);
    void settledLosses(this.#world.vaultFolder)
      .then((events) => (events.length > 0 ? this.#books.note(events) : undefined))
      .catch((error: unknown) => this.#teller.tell({ trouble: messageOf(error) }));
  }

  #namesOf(isMeant: (dump: DumpNote) => boolean): readonly string[] {
    return this.#dumps.notes.filter(isMeant).map(({ name }) => name);
  }

  #planNext({ isCatchingUp, places }: RunReport, wish: Wish): void {
    const { lagMs, scheduleMs } = this.#limits;
    if (wish.kind === "everything") {
      this.#scheduleAlarm.set(scheduleMs, () => this.#lookAtAll("schedule"));
    }
    const isLagging = places.some(({ holds }) => !holds);
    if (!isLagging) this.#lagAlarm[Symbol.dispose]();
    else if (isCatchingUp) this.#lagAlarm.set(1, () => this.#loop.add(again));
    else this.#lagAlarm.set(lagMs, () => void this.#askLagging());
    // What came of its own accord is a good time to ask; what was asked for is none to ask again.
    if (!isLagging || (wish.kind === "changed" && wish.folders.length === 0)) return;
    void this.#wakeAndCatchUp();
  }

  /** Beside the runs: none waits for a location that takes long to say that it is away. */
  #wakeResting(): Promise<boolean> {
    const { signal } = this.#end;
    this.#waking ??= this.#runner
      .wake(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#teller.tell({ trouble: messageOf(error) });
        return false;
      })
      .finally(() => {
        this.#waking = undefined;
      });
    return this.#waking;
  }

  async #wakeAndCatchUp(): Promise<void> {
    const isWoken = await this.#wakeResting();
    if (isWoken && !this.#end.signal.aborted) this.#loop.add(again);
  }

  /** A run that has one of them behind sets the alarm anew, and one that fails does not. */
  async #askLagging(): Promise<void> {
    await this.#wakeResting();
    if (this.#end.signal.aborted) return;
    this.#lagAlarm.set(this.#limits.lagMs, () => void this.#askLagging());
    this.#loop.add(again);
  }

  #tooFew({ places }: RunReport): string {
    const held = places.filter(({ holds }) => holds).length;
    const reasons = places
      .filter(({ holds }) => !holds)
      .map(({ location, reason }) => `${location}: ${reason}`);
    return `${held} of ${places.length} locations hold it, and ${this.#world.quorum} must: ${reasons.join("; ")}`;
  }

  #tellEnd(error: unknown): void {
    if (error === undefined) {
      this.#teller.tell({ phase: "resting", reason: "" });
      return;
    }
    const reason = messageOf(error);
    this.#teller.tell({ phase: error instanceof SourceAway ? "frozen" : "failing", reason });
    if (error instanceof Unfinished) return;
    const atMs = Math.floor(realClock.now().wallMs);
    const failed = { isQuorum: false, suspicions: [], places: [] };
    this.#books.ended({ atMs, snapshot: "", reason, ...failed });
  }

  /**
   * Rejects when it failed, or when one of `places` does not hold the newest snapshot. Who asked
   * looks at the state next: it says by then what came of it.
   */
  async #done(places: readonly string[]): Promise<void> {
    await this.#dumping;
    await this.#loop.settled;
    await this.#books.flush();
    const { phase, reason } = this.state;
    const behind = this.state.places.filter(
      ({ holds, location }) => !holds && places.includes(location),
    );
    if (phase === "failing" || phase === "frozen") {
      throw new SoulMirrorError("VAULT_NO_QUORUM", reason);
    }
    if (behind.length === 0) return;
    const reasons = behind.map((each) => `${each.location}: ${each.reason}`).join("; ");
    throw new SoulMirrorError("LOCATION_FAILED", reasons);
  }

  /** What is asked of it over its socket. */
  async answer(request: ControlRequest): Promise<unknown> {
    switch (request.do) {
      case "status":
        return this.state;
      case "backup":
        this.#lookAtAll("asked");
        return await this.#done([]);
      case "catch-up":
        await this.#wakeResting();
        this.#loop.add(again);
        return await this.#done(this.#world.vault.places.map(({ name }) => name));
      case "accept":
        if (await this.#healSide.accept(request.path, request.forMs)) this.#lookAtAll("accepted");
        return undefined;
      default:
        throw new SoulMirrorError("BAD_REQUEST", `the agent does not do ${request.do}`);
    }
  }
}
