/**
 * What was mounted at the sources and inside of them when their content was last seen.
 *
 * M1. A disk that is not there, or in whose place another one is, is away until it is back, or
 *     until its owner accepts that: an empty folder is no new state of what it held.
 * M2. What appears is known only behind the run that first saw it: what it hides was lost from
 *     under another disk, and is not restored into this one.
 * M3. A disk that went together with the folder that it was mounted at is known until the run that
 *     saw it go has ended.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { mountOf, mountPoints, mountTable } from "../../platform/heal-facts/index.ts";
import {
  isInside,
  type RawPath,
  rawPathOfText,
  systemPath,
  textOfRawPath,
} from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";

export interface AwayMount {
  /** Where it was mounted. */
  readonly path: RawPath;
  readonly why: string;
}

/** Of more nothing is known; what is lost in them is asked about, for they are not the source's. */
const mountsMax = 1000;

export class Mounts {
  readonly #world: Pick<AgentWorld, "isExcluded" | "sources">;
  readonly #known = new Map<RawPath, string>();

  /** @param known of an earlier process; see `all` */
  constructor(
    world: Pick<AgentWorld, "isExcluded" | "sources">,
    known: Readonly<Record<string, string>>,
  ) {
    this.#world = world;
    for (const [path, mount] of Object.entries(known)) {
      const raw = rawPathOfText(path);
      if (this.#isOurs(raw)) this.#known.set(raw, mount);
    }
  }

  get all(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#known].map(([path, mount]) => [textOfRawPath(path), mount]),
    );
  }

  /** Of the deepest at or above a path; empty when nothing is known yet. */
  before(path: RawPath): string {
    const above = [...this.#known].filter(([point]) => isInside(path, point));
    const deepest = Math.max(...above.map(([point]) => point.length));
    return above.find(([point]) => point.length === deepest)?.[1] ?? "";
  }

  /** M1. */
  away(): readonly AwayMount[] {
    const table = mountTable();
    const away: AwayMount[] = [];
    for (const source of this.#world.sources) {
      if (!existsSync(systemPath(source))) away.push({ path: source, why: "it is not there" });
    }
    for (const [path, before] of this.#known) {
      const now = mountOf(textOfRawPath(path), table);
      if (now === before || away.some((each) => each.path === path)) continue;
      away.push({ path, why: `mounted there was ${before} and is ${now}` });
    }
    return away;
  }

  /** Behind a run (M2, M3). */
  renew(): void {
    const table = mountTable();
    const { sources } = this.#world;
    for (const path of this.#known.keys()) {
      if (!sources.includes(path) && !existsSync(systemPath(path))) this.#known.delete(path);
    }
    for (const source of sources) {
      if (!this.#known.has(source)) this.#known.set(source, mountOf(textOfRawPath(source), table));
    }
    for (const [point, mount] of mountPoints(table)) {
      const path = rawPathOfText(point);
      if (this.#known.has(path) || this.#known.size >= mountsMax || !this.#isOurs(path)) continue;
      this.#known.set(path, mount);
    }
  }

  /**
   * What is away at a path or below it is no part of the sources any more.
   * @returns whether anything was
   */
  accept(path: RawPath): boolean {
    const accepted = this.away().filter((each) => isInside(each.path, path));
    for (const each of accepted) this.#known.delete(each.path);
    return accepted.length > 0;
  }

  /** A source, or inside of one and not left out. */
  #isOurs(path: RawPath): boolean {
    const { isExcluded, sources } = this.#world;
    const source = sources.find((each) => isInside(path, each));
    if (source === undefined) return false;
    for (let at = path; at.length > source.length; at = dirname(at) as RawPath) {
      if (isExcluded(at, true)) return false;
    }
    return true;
  }
}
