/**
 * Makes one snapshot after another, each compared with the one before.
 *
 * P1. The parent is the newest snapshot of ours, by this process or by another one: of its own kind
 *     this process made the last one, and it is looked for again before everything is compared.
 * P2. A change is protected by looking at its folders only; without a parent, at everything.
 * P3. A source that is away, or in whose place another disk is mounted, is not backed up: an empty
 *     folder is no new state of what it held. Of a disk inside of a source it is the same: what
 *     lay there stays as the last snapshot has it, and all else is protected.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { version } from "../../system/index.ts";
import {
  type BackupOutcome,
  backUp,
  everything,
  leaving,
  onlyChanged,
  type Session,
  type StoredSnapshot,
  textOfRawPath,
} from "../../vault/index.ts";
import { arrivedSnapshots } from "../arrived-snapshots.ts";
import type { AgentWorld } from "./agent-world.ts";
import type { Dumps } from "./dumps.ts";
import type { AwayMount, Mounts } from "./mounts.ts";
import type { Wish } from "./wishes.ts";

/** Nothing is wrong with the vault; what it protects cannot be seen. */
export class SourceAway extends Error {
  constructor(source: string, why: string) {
    super(`the source ${source} is away: ${why}`);
    this.name = "SourceAway";
  }
}

export interface ProtectOptions {
  /** No snapshot is written of what is as the last one has it. */
  readonly skipsUnchanged: boolean;
  /** Everything is read again, whatever its marks say. */
  readonly isRedundant?: boolean;
}

export class Protector {
  readonly #world: AgentWorld;
  readonly #dumps: Dumps;
  readonly #mounts: Mounts;
  #away: readonly AwayMount[] = [];
  #last: StoredSnapshot | undefined;

  constructor(world: AgentWorld, { dumps, mounts }: { dumps: Dumps; mounts: Mounts }) {
    this.#world = world;
    this.#dumps = dumps;
    this.#mounts = mounts;
  }

  /** The last snapshot that was made or found. */
  get last(): StoredSnapshot | undefined {
    return this.#last;
  }

  /** What the last run left as it was (P3). */
  get away(): readonly AwayMount[] {
    return this.#away;
  }

  /**
   * @throws SourceAway (P3)
   * @throws SoulMirrorError LOCATION_FAILED when no location holds it
   */
  async protect(
    session: Session,
    wish: Wish,
    { isRedundant = false, skipsUnchanged }: ProtectOptions,
  ): Promise<BackupOutcome> {
    const { readAttributes, source, threads, excludes } = this.#world;
    const dumps = this.#dumps;
    this.#away = this.#awayInside();
    if (wish.kind === "everything" || this.#last === undefined) {
      this.#last = (await this.#newest(session)) ?? this.#last;
    }
    // Of what is away only the parent knows anything.
    const parent = isRedundant && this.#away.length === 0 ? undefined : this.#last;
    const isAll = wish.kind === "everything" || parent === undefined;
    const outcome = await backUp(session, {
      sources: dumps.sources,
      source,
      threads,
      readAttributes,
      isExcluded: (path, isFolder) => dumps.isExcluded(path, isFolder),
      excludes,
      parent,
      skipsUnchanged,
      scope: leaving(
        this.#away.map(({ path }) => path),
        isAll ? everything : onlyChanged(wish.folders),
      ),
      tags: [],
      programVersion: `soulmirror ${version()}`,
    });
    if (!outcome.places.some((place) => place.holds)) {
      const reasons = outcome.places.map(({ location, reason }) => `${location}: ${reason}`);
      throw new SoulMirrorError("LOCATION_FAILED", reasons.join("; "));
    }
    this.#last = outcome.snapshot;
    return outcome;
  }

  /** The newest snapshot of these sources by this machine. */
  async #newest(session: Session): Promise<StoredSnapshot | undefined> {
    const { hostname } = this.#world.vault.surroundings.worker;
    const paths = this.#dumps.sources.map(textOfRawPath).toSorted().join("\n");
    return (await arrivedSnapshots(session, this.#world.vaultFolder)).findLast(
      (each) => each.hostname === hostname && each.paths.toSorted().join("\n") === paths,
    );
  }

  #awayInside(): readonly AwayMount[] {
    const away = this.#mounts.away();
    const source = away.find(({ path }) => this.#world.sources.includes(path));
    if (source !== undefined) throw new SourceAway(textOfRawPath(source.path), source.why);
    return away;
  }
}
