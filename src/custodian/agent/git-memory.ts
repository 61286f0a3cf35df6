/**
 * Where the repositories of git stood before anything was lost in them.
 *
 * G1. What is remembered of a repository is renewed only when it was quiet for a while and nothing
 *     in it waits for a verdict: what git takes away is seen together with what git was before.
 * G2. Git is asked only after something changed in a repository.
 * G3. What is remembered is kept across restarts: what git took away while nobody watched is seen
 *     together with what git was before as well.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type GitState, gitFactsOf, readGitState } from "../../platform/heal-facts/index.ts";
import { replaceFile } from "../../system/index.ts";
import { type GitFacts, isInside, type RawPath, systemPath } from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";

const repositoriesMax = 100;
/** Of larger repositories nothing is kept: they are remembered while the agent lives. */
const keptPathsMax = 200_000;
const notesName = "git.json";

export class GitMemory {
  readonly #world: AgentWorld;
  readonly #states: Map<RawPath, GitState>;
  /** Repositories in which something changed, and when last. */
  readonly #changed = new Map<RawPath, number>();

  constructor(world: AgentWorld) {
    this.#world = world;
    this.#states = readNotes(join(world.folder, notesName));
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
    let isRenewed = false;
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
      isRenewed = true;
    }
    if (isRenewed) this.#save();
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

  /** G3. Without it, what git does meanwhile is asked about or healed: no reason to end. */
  #save(): void {
    const notes = [...this.#states]
      .filter(([, { known }]) => known.size <= keptPathsMax)
      .map(([workTree, { expected, known, ...state }]): Note => {
        const leftOut = [...known].filter((path) => !expected.has(path));
        return { at: workTree, ...state, known: [...known], leftOut };
      });
    try {
      replaceFile(join(this.#world.folder, notesName), JSON.stringify(notes));
    } catch {
      // A full disk.
    }
  }
}

/** As JSON has it. */
interface Note extends Pick<GitState, "gitFolder" | "mark" | "workTree"> {
  readonly at: string;
  readonly known: readonly string[];
  /** By a sparse checkout. */
  readonly leftOut: readonly string[];
}

function readNotes(path: string): Map<RawPath, GitState> {
  if (!existsSync(path)) return new Map();
  try {
    const notes = JSON.parse(readFileSync(path, "utf8")) as readonly Note[];
    return new Map(
      notes.map(({ at, known, leftOut, ...state }) => {
        const without = new Set(leftOut);
        const expected = new Set(known.filter((each) => !without.has(each)));
        return [at as RawPath, { ...state, known: new Set(known), expected }];
      }),
    );
  } catch {
    // Of what somebody else made of it nothing is taken.
    return new Map();
  }
}
