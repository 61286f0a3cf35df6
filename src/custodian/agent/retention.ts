/**
 * Keeps a vault small that is written to all day: snapshots are thinned out and forgotten by
 * `keep`, small index files are put together, and now and then unused room is given back.
 *
 * N1. The rules of `keep` are applied once a day; between, only what is too many is thinned out,
 *     the younger the less.
 * N2. It looks only after a run: where nothing changes, nothing wakes.
 * N3. Nothing is forgotten while a location is away or somebody else works there; it is tried
 *     again after a later run.
 * N4. How much is copied in one go is limited; what is left is for the next time.
 * N5. Damage that nobody can mend keeps room from being given back, and nothing else.
 * N6. What waits for a person is in the vault's state, until it does not wait any more.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { realClock, replaceFile } from "../../system/index.ts";
import {
  forget,
  listSnapshots,
  mergeIndexes,
  prune,
  type Session,
  textOfRawPath,
  withSession,
} from "../../vault/index.ts";
import { doubtsOfDumps, readDumpNotes } from "../dumps/dump-notes.ts";
import { freezeTexts } from "../freeze-text.ts";
import { arrivalNow, openArrivals, openDoubts, openTombstones } from "../retention-records.ts";
import { noteInState, readState } from "../state-file.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import type { Books } from "./books.ts";
import type { Dumps } from "./dumps.ts";
import type { RunReport } from "./runner.ts";
import type { Turns } from "./turns.ts";

export interface RetentionOptions {
  readonly world: AgentWorld;
  readonly limits: AgentLimits;
  readonly books: Books;
  readonly dumps: Dumps;
  readonly turns: Turns;
  readonly signal: AbortSignal;
  readonly onEnd: () => void;
}

export interface RetentionState {
  /** After the last look; undefined: there was none yet. */
  readonly snapshots: number | undefined;
  /** Why nothing is forgotten, a sentence or word each. */
  readonly frozen: readonly string[];
}

/** Across restarts. */
interface Notes {
  readonly keptMs: number;
  /** Snapshots written since the last prune. */
  readonly written: number;
}

const notesName = "retention.json";
/** An entry of the trail has room for so many ids. */
const namedMax = 250;

export class Retention implements AsyncDisposable {
  readonly #options: RetentionOptions;
  #notes: Notes;
  #snapshots: number | undefined;
  #frozen: readonly string[] = [];
  /** While it is frozen: then it is seen whether it still is. */
  #looksAgainMs = 0;
  /** Snapshots written since index files were put together. */
  #unmerged = 0;
  #restsUntilMs = 0;
  #running: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#notes = readNotes(join(options.world.folder, notesName));
  }

  get state(): RetentionState {
    return { snapshots: this.#snapshots, frozen: this.#frozen };
  }

  /** N2. */
  ran({ isWritten }: Pick<RunReport, "isWritten">): void {
    if (isWritten) {
      this.#unmerged += 1;
      this.#notes = { ...this.#notes, written: this.#notes.written + 1 };
      if (this.#snapshots !== undefined) this.#snapshots += 1;
    }
    const { limits, signal } = this.#options;
    const nowMs = this.#nowMs();
    // A clock that went back is no reason to rest for longer.
    const { monotonicMs } = realClock.now();
    const isDue =
      this.#isKeepDue(nowMs) ||
      this.#snapshots === undefined ||
      (this.#frozen.length > 0 && monotonicMs >= this.#looksAgainMs) ||
      this.#snapshots > limits.snapshotsMax ||
      this.#unmerged > limits.indexesMax;
    if (
      !isDue ||
      signal.aborted ||
      this.#running !== undefined ||
      monotonicMs < this.#restsUntilMs
    ) {
      return;
    }
    this.#restsUntilMs = monotonicMs + limits.lagMs;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      this.#options.onEnd();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
  }

  #isKeepDue(nowMs: number): boolean {
    return Math.abs(nowMs - this.#notes.keptMs) >= this.#options.limits.keepMs;
  }

  async #work(): Promise<void> {
    const { books, signal, turns, world } = this.#options;
    try {
      // Whoever waits for others waits before his turn: snapshots are made meanwhile.
      await books.claimed(() =>
        turns.run(() =>
          withSession(world.vault, { isExclusive: true, signal }, (session) => this.#tidy(session)),
        ),
      );
    } catch (error) {
      this.#frozen = [messageOf(error)];
    }
  }

  async #tidy(session: Session): Promise<void> {
    const { books, dumps, limits, world } = this.#options;
    const { codec, places, surroundings } = world.vault;
    const away = [...world.leftOut, ...places.flatMap(troubleOf)];
    if (away.length > 0) {
      this.#frozen = away.map(({ location, reason }) => `${location} is away: ${reason}`);
      return;
    }
    const nowMs = this.#nowMs();
    const isKeepDue = this.#isKeepDue(nowMs);
    const arrivals = await openArrivals(world.vaultFolder, codec);
    const tombstones = await openTombstones(world.vaultFolder, codec);
    const now = arrivalNow(surroundings.clock.now().wallMs);
    if (arrivals.isNew) await arrivals.see(await listSnapshots(session), now);
    await books.addArrived(arrivals);
    const outcome = await forget(session, {
      policy: world.keep,
      host: surroundings.worker.hostname,
      paths: dumps.sources.map(textOfRawPath),
      now,
      arrivals,
      tombstones,
      doubts: await openDoubts(world.vaultFolder, codec),
      troubles: doubtsOfDumps(await readDumpNotes(world.vaultFolder)),
      thinsOnly: !isKeepDue,
      limit: limits.snapshotsMax,
      target: Math.ceil(limits.snapshotsMax * 0.8),
    });
    const { forgotten, plan } = outcome;
    await this.#freeze(freezeTexts(outcome));
    if (forgotten.length > 0) {
      const named = forgotten.slice(0, namedMax);
      await world.record("forgotten", { count: forgotten.length, snapshots: named, by: "agent" });
    }
    const kept = plan.keep.length + plan.forget.length - forgotten.length;
    const isPruneDue = (isKeepDue && this.#notes.written > 0) || this.#isMany(forgotten.length);
    const isPruned = isPruneDue && (await this.#prune(session, (id) => tombstones.has(id)));
    if (!isPruned) await mergeIndexes(session, { smallIndexesMax: limits.indexesMax / 2 });
    this.#unmerged = 0;
    this.#snapshots = kept;
    this.#note({
      keptMs: isKeepDue ? nowMs : this.#notes.keptMs,
      written: isPruned ? 0 : this.#notes.written,
    });
  }

  #isMany(forgotten: number): boolean {
    return forgotten > 0 && this.#notes.written > this.#options.limits.pruneAfter;
  }

  /** False: not now (N5). */
  async #prune(session: Session, isForgotten: (id: string) => boolean): Promise<boolean> {
    const { limits, world } = this.#options;
    try {
      const pruned = await prune(session, { isForgotten, copyBytesMax: limits.pruneBytes });
      if (pruned.kind !== "done") return false;
      const unfinished = pruned.unfinished.map(({ location }) => location);
      const incomplete = pruned.incomplete.length;
      await world.record("pruned", { ...pruned.figures, incomplete, unfinished, by: "agent" });
      return true;
    } catch (error) {
      if (!(error instanceof SoulMirrorError) || error.code !== "VAULT_DAMAGED") throw error;
      this.#frozen = [...this.#frozen, whyNot(error)];
      return false;
    }
  }

  /** N6. */
  async #freeze(reasons: readonly string[]): Promise<void> {
    const { limits, world } = this.#options;
    this.#frozen = reasons;
    this.#looksAgainMs = realClock.now().monotonicMs + limits.scheduleMs;
    const at = Math.floor(this.#nowMs());
    const { frozen = [] } = await readState(world.vaultFolder, at);
    if (frozen.map(({ reason }) => reason).join("\n") === reasons.join("\n")) return;
    await noteInState(world.vaultFolder, at, [{ kind: "frozen", reasons }]);
  }

  #note(notes: Notes): void {
    this.#notes = notes;
    replaceFile(join(this.#options.world.folder, notesName), JSON.stringify(notes));
  }

  #nowMs(): number {
    return this.#options.world.vault.surroundings.clock.now().wallMs;
  }
}

function troubleOf({
  name,
  trouble,
}: AgentWorld["vault"]["places"][number]): readonly { location: string; reason: string }[] {
  return trouble === undefined ? [] : [{ location: name, reason: trouble.message }];
}

function whyNot({ fix, message }: SoulMirrorError): string {
  return fix === undefined ? message : `${message} (${fix})`;
}

function readNotes(path: string): Notes {
  const none: Notes = { keptMs: 0, written: 0 };
  if (!existsSync(path)) return none;
  try {
    return { ...none, ...(JSON.parse(readFileSync(path, "utf8")) as Partial<Notes>) };
  } catch {
    // What cannot be read says that nothing was done yet.
    return none;
  }
}
