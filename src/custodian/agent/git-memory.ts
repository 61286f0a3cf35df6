/**
 * Where the repositories of git stood before anything was lost in them.
 *
 * G1. What is remembered of a repository is renewed only when it was quiet for a while and nothing
 *     in it waits for a verdict: what git takes away is seen together with what git was before.
 * G2. Git is asked only after something changed in a repository.
 */
import { existsSync } from "node:fs";
import { dirname, relative } from "node:path";
import { type GitState, gitFactsOf, readGitState } from "../../platform/heal-facts/index.ts";
import { type GitFacts, isInside, type RawPath, systemPath } from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";

const repositoriesMax = 100;

export class GitMemory {
  readonly #world: AgentWorld;
  readonly #states = new Map<RawPath, GitState>();
  /** Repositories in which something changed, and when last. */
  readonly #changed = new Map<RawPath, number>();

  constructor(world: AgentWorld) {
    this.#world = world;
  }

  /** The work tree that holds a path, or held it until now. */
  workTreeOf(path: RawPath): RawPath | undefined {
    const source = this.#world.sources.find((each) => isInside(path, each));
    if (source === undefined) return undefined;
    for (let folder = path; folder.length >= source.length; folder = dirname(folder) as RawPath) {
      if (this.#states.has(folder) || existsSync(systemPath(`${folder}/.git` as RawPath))) {
        return folder;
      }
    }
    return undefined;
  }

  note(folders: readonly RawPath[], nowMs: number): void {
    for (const folder of folders) {
      const workTree = this.workTreeOf(folder);
      if (workTree === undefined) continue;
      if (this.#changed.has(workTree) || this.#changed.size < repositoriesMax) {
        this.#changed.set(workTree, nowMs);
      }
    }
  }

  /** G1. @returns when something else may be renewed, in milliseconds from now */
  async renew(
    waiting: readonly RawPath[],
    { nowMs, quietMs }: { nowMs: number; quietMs: number },
  ): Promise<number | undefined> {
    let nextMs: number | undefined;
    for (const [workTree, changedMs] of this.#changed) {
      const restMs = changedMs + quietMs - nowMs;
      if (restMs > 0 || waiting.some((path) => isInside(path, workTree))) {
        nextMs = Math.min(nextMs ?? Number.POSITIVE_INFINITY, Math.max(restMs, quietMs));
        continue;
      }
      this.#changed.delete(workTree);
      const state = await readGitState(String(systemPath(workTree)));
      if (state === undefined) this.#states.delete(workTree);
      else this.#states.set(workTree, state);
    }
    return nextMs;
  }

  async factsOf(paths: readonly RawPath[]): Promise<ReadonlyMap<RawPath, GitFacts>> {
    const facts = new Map<RawPath, GitFacts>();
    for (const [workTree, state] of this.#states) {
      const inside = paths.filter((path) => isInside(path, workTree) && path !== workTree);
      if (inside.length === 0) continue;
      const names = inside.map((path) => relative(workTree, path));
      const found = await gitFactsOf(state, names);
      for (const [at, path] of inside.entries()) {
        const fact = found.get(names[at] ?? "");
        if (fact !== undefined) facts.set(path, fact);
      }
    }
    return facts;
  }
}
