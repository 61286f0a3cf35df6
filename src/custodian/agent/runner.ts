/**
 * One run of an agent: what a wish is about becomes a snapshot, at every location that takes part,
 * and what was lost meanwhile is found.
 *
 * R1. Nothing is written of what is as it was, but a run of the schedule leaves a point to recover
 *     to when the last one is older than the schedule.
 * R2. A run that may have seen too little is followed by one that reads everything anew, at once.
 *     When it is suspect for the very same once more, it is told only.
 * R3. A location that lags is caught up before anything refers to what it lacks, a limited part at
 *     a time; until then it is left out, with the reason. One that does not answer rests, and no
 *     run waits for it: whether it is back is asked beside the runs.
 */
import {
  type BackupOutcome,
  catchUpLagging,
  isInside,
  LocationFault,
  listSnapshots,
  type Place,
  type PlaceOutcome,
  type RawPath,
  type Session,
  type StoredSnapshot,
  type Suspicion,
  textOfRawPath,
} from "../../vault/index.ts";
import { type JudgedRun, judgedRun } from "../judged-run.ts";
import { type LastRun, lastRunOf, readLastRun, suspicionText, writeLastRun } from "../last-run.ts";
import { openTombstones } from "../retention-records.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import type { Books } from "./books.ts";
import type { Losses } from "./losses.ts";
import { findLostDatabases } from "./lost-databases.ts";
import type { Protector } from "./protector.ts";
import { nodesBelow } from "./snapshot-trees.ts";
import type { Wish } from "./wishes.ts";

export interface RunnerOptions {
  readonly world: AgentWorld;
  readonly limits: AgentLimits;
  readonly losses: Losses;
  readonly protector: Protector;
  readonly books: Books;
}

export interface RunReport {
  readonly snapshot: StoredSnapshot;
  readonly isWritten: boolean;
  /** All of the vault, those that take no part among them. */
  readonly places: readonly PlaceOutcome[];
  readonly suspicions: readonly Suspicion[];
  /** Inside of the sources, with the reason: there, all is as the snapshot before has it. */
  readonly away: readonly string[];
  /** Locations that lag and got something: the next run may go on at once. */
  readonly isCatchingUp: boolean;
}

/** Of the schedule, not exactly so much later. */
const nearlyAll = 0.9;

export class Runner {
  readonly #options: RunnerOptions;
  #isRecalled = false;
  #mayLag = true;
  #protectedFiles = 0;
  #snapshotMs: number | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Counted with each look at everything. */
  get protectedFiles(): number {
    return this.#protectedFiles;
  }

  async run(session: Session, wish: Wish): Promise<RunReport> {
    const { losses, protector, world } = this.#options;
    const looks = { trees: world.vault.trees, signal: session.signal };
    if (!this.#isRecalled) await losses.recall(looks);
    this.#isRecalled = true;
    const isAll = wish.kind === "everything";
    const isCatchingUp = this.#mayLag || isAll ? await this.#catchUp(session) : false;
    const last = isAll ? await readLastRun(world.vaultFolder) : undefined;
    let made = await this.#once(session, wish, { last, isRedundant: false });
    const isNew = made.suspicions.length > 0 && suspicionText(made.suspicions) !== last?.suspicion;
    if (isAll && isNew) {
      this.#tellSuspect(made);
      made = await this.#once(session, wish, { last, isRedundant: true });
    }
    if (made.suspicions.length > 0) this.#tellSuspect(made);
    if (isAll) {
      await writeLastRun(world.vaultFolder, lastRunOf(made.outcome, made));
      await this.#countProtected(made.outcome.snapshot, session.signal);
    }
    losses.save();
    const answered = losses.takeAnswered().map((path) => textOfRawPath(path));
    if (answered.length > 0) {
      this.#options.books.noteLater(answered.map((path) => ({ kind: "settled", path })));
    }
    const { isWritten, places, snapshot } = made.outcome;
    for (const place of world.vault.places) {
      if (place.trouble instanceof LocationFault) place.rest(place.trouble);
    }
    this.#mayLag = places.some(({ holds }) => !holds);
    const others = world.leftOut.map(({ location, reason }) => ({
      location,
      reason,
      holds: false,
    }));
    const all = [...places, ...others];
    const away = protector.away.map(({ path, why }) => `${textOfRawPath(path)} is away: ${why}`);
    return { snapshot, isWritten, places: all, suspicions: made.suspicions, away, isCatchingUp };
  }

  async #once(session: Session, wish: Wish, { isRedundant, last }: Attempt): Promise<Made> {
    const { books, losses, protector, world } = this.#options;
    const { clock } = world.vault.surroundings;
    const begun = clock.now();
    const sinceLastMs =
      this.#snapshotMs === undefined ? undefined : begun.wallMs - this.#snapshotMs;
    const outcome = await protector.protect(session, wish, {
      isRedundant,
      skipsUnchanged: !this.#isDue(wish, sinceLastMs),
    });
    const looks = { trees: world.vault.trees, signal: session.signal };
    const before = losses.judged;
    await losses.find(outcome.snapshot, undefined, looks);
    await findLostDatabases({ world, losses, before, snapshot: outcome.snapshot }, looks);
    const ended = clock.now();
    const { tally } = outcome;
    const look = { tally, sources: world.sources, begun, ended, sinceLastMs };
    const judged = judgedRun(look, last);
    // Of a look at single folders, only its clock says something of the whole.
    const suspicions = judged.suspicions.filter(
      ({ kind }) => wish.kind === "everything" || kind === "clock",
    );
    const isSuspect = suspicions.length > 0;
    const isComplete = wish.kind === "everything";
    if (outcome.isWritten) this.#snapshotMs = begun.wallMs;
    // One that is as everything was seen now is complete, whoever wrote it.
    if (outcome.isWritten || (isComplete && !isSuspect)) {
      books.arrived(outcome.snapshot, { isComplete, isSuspect });
    }
    this.#snapshotMs ??= Number(outcome.snapshot.timeNs / 1_000_000n);
    return { ...judged, outcome, suspicions };
  }

  /** R1. */
  #isDue(wish: Wish, sinceLastMs: number | undefined): boolean {
    if (wish.kind === "changed") return false;
    const { scheduleMs } = this.#options.limits;
    return sinceLastMs === undefined || Math.abs(sinceLastMs) >= scheduleMs * nearlyAll;
  }

  #tellSuspect({ outcome, suspicions }: Made): void {
    const facts = {
      snapshot: outcome.snapshot.id,
      suspicions: suspicions.map((each) => ({ ...each })),
    };
    this.#options.books.later("suspect", facts);
  }

  /** R3. @returns whether a location that lags still got something */
  async #catchUp(session: Session): Promise<boolean> {
    const { limits, world } = this.#options;
    const { codec, places } = world.vault;
    const took = new Set(places.filter(({ takesPart }) => takesPart));
    const tombstones = await openTombstones(world.vaultFolder, codec);
    const repairs = await catchUpLagging(session, {
      snapshots: await listSnapshots(session),
      mostBytes: limits.catchUpBytes,
      isForgotten: (id) => tombstones.has(id),
    });
    let isCatchingUp = false;
    for (const place of took) {
      const { name, trouble } = place;
      if (trouble === undefined) continue;
      if (repairs.some(({ location }) => location === name)) isCatchingUp = true;
      else place.rest(trouble);
    }
    return isCatchingUp;
  }

  /**
   * Those that rest and answer take part again (R3).
   * @returns whether there are any
   */
  async wake(signal: AbortSignal): Promise<boolean> {
    const { places } = this.#options.world.vault;
    const ask = async (place: Place): Promise<boolean> => {
      try {
        await place.location.get({ kind: "config", id: "" }, signal);
        place.wake();
        return true;
      } catch (error) {
        if (error instanceof LocationFault) return false;
        throw error;
      }
    };
    const woken = await Promise.all(places.filter(({ isResting }) => isResting).map(ask));
    return woken.includes(true);
  }

  async #countProtected({ tree }: StoredSnapshot, signal: AbortSignal): Promise<void> {
    const { policyAt, sources, vault } = this.#options.world;
    let count = 0;
    for await (const { node, path } of nodesBelow(tree, "/" as RawPath, {
      trees: vault.trees,
      signal,
    })) {
      const isOurs = sources.some((source) => isInside(path, source));
      if (node.kind === "file" && isOurs && policyAt(path) !== "leave") count += 1;
    }
    this.#protectedFiles = count;
  }
}

interface Attempt {
  readonly last: LastRun | undefined;
  readonly isRedundant: boolean;
}

interface Made extends JudgedRun {
  readonly outcome: BackupOutcome;
}
