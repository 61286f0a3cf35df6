/**
 * Makes one snapshot after another, each compared with the one before.
 *
 * P1. The parent is the newest snapshot of ours, by this process or by another one: of its own kind
 *     this process made the last one, and it is looked for again before everything is compared.
 * P2. A change is protected by looking at its folders only; without a parent, at everything.
 * P3. A source that is away, or in whose place another disk is mounted, is not backed up: an empty
 *     folder is no new state of what it held.
 */
import { existsSync } from "node:fs";
import { SoulMirrorError } from "../../kernel/index.ts";
import { mountOf } from "../../platform/heal-facts/index.ts";
import { version } from "../../system/index.ts";
import {
  type BackupOutcome,
  backUp,
  everything,
  listSnapshots,
  onlyChanged,
  type RawPath,
  type Session,
  type StoredSnapshot,
  textOfRawPath,
} from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";
import type { Dumps } from "./dumps.ts";
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
  /** What was mounted when the source was seen first. */
  readonly #mounts = new Map<RawPath, string>();
  #last: StoredSnapshot | undefined;

  constructor(
    world: AgentWorld,
    { dumps, mounts }: { dumps: Dumps; mounts: Readonly<Record<string, string>> },
  ) {
    this.#world = world;
    this.#dumps = dumps;
    for (const source of world.sources) {
      const known = mounts[textOfRawPath(source)];
      if (known !== undefined) this.#mounts.set(source, known);
    }
  }

  /** The last snapshot that was made or found. */
  get last(): StoredSnapshot | undefined {
    return this.#last;
  }

  mountBefore(source: RawPath): string {
    return this.#mounts.get(source) ?? "";
  }

  get mounts(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#mounts].map(([path, mount]) => [textOfRawPath(path), mount]),
    );
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
    this.#refuseOtherMounts();
    if (wish.kind === "everything" || this.#last === undefined) {
      this.#last = (await this.#newest(session)) ?? this.#last;
    }
    const parent = isRedundant ? undefined : this.#last;
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
      scope: isAll ? everything : onlyChanged(wish.folders),
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
    return (await listSnapshots(session)).findLast(
      (each) => each.hostname === hostname && each.paths.toSorted().join("\n") === paths,
    );
  }

  #refuseOtherMounts(): void {
    for (const source of this.#world.sources) {
      const path = textOfRawPath(source);
      if (!existsSync(path)) throw new SourceAway(path, "it is not there");
      const now = mountOf(path);
      const before = this.#mounts.get(source);
      if (before !== undefined && before !== now) {
        throw new SourceAway(path, `mounted there was ${before} and is ${now}`);
      }
      this.#mounts.set(source, now);
    }
  }
}
