/**
 * Ten files changed while an agent watches: from the last `close()` to where two local locations
 * hold the snapshot, beside `restic backup` of the same change.
 *
 * What our processes used is read from the kernel's scheduler, in nanoseconds: from the beginning
 * of the time of rest before the change to the moment at which both locations hold it. Each round a
 * restic from outside restores the files from each location, and they are compared.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { agentNode } from "../../src/daemon/vault-agent-of.ts";
import { ticksToMs } from "../../src/system/index.ts";
import { until } from "../../test/until.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { measuredRun } from "../rig/measured-run.ts";
import { spreadOf, tellSpread } from "../rig/spread.ts";
import { makeBenchTree } from "../vault-tree.ts";
import { passphrase, restic } from "./tools.ts";

export interface MicroOptions {
  readonly rounds: number;
  readonly files: number;
  /** Of rest before each change. */
  readonly idleSeconds: number;
  /** The command line, as it is published. */
  readonly program: string;
}

interface Round {
  readonly elapsedMs: number;
  readonly idleMs: number;
  /** Until it is durable. */
  readonly busyMs: number;
  /** What comes behind that: looking for losses, giving the locks back. */
  readonly behindMs: number;
  readonly resticMs: number;
}

export function microSnapshots(options: MicroOptions): Figure {
  const { files, idleSeconds, program, rounds } = options;
  return {
    name: "micro",
    title: `10 of ${files} files changed while watching`,
    run: async (bench) => {
      const scene = new Scene(bench.folder, options.files);
      bench.progress("making the tree");
      await scene.make();
      bench.progress("the first snapshot");
      const agent = await startAgent(bench, { program, scene });
      const idleMs = idleSeconds * 1000;
      bench.progress("the round behind the start");
      const first = await scene.round(agent, { round: 0, idleMs });
      const taken: Round[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        bench.progress(`round ${round} of ${rounds}`);
        taken.push(await scene.round(agent, { round, idleMs }));
      }
      return rowsOf(taken, { first, idleSeconds });
    },
  };
}

/** As the daemon runs it, but with nobody above it; resolves when its first snapshot is there. */
async function startAgent(
  bench: Bench,
  { program, scene }: { readonly program: string; readonly scene: Scene },
): Promise<number> {
  const env = { ...process.env, ...agentNode.env, VAULT_PASSPHRASE: passphrase };
  const args = [...agentNode.flags, program, ...scene.fleetArgs, "vault"];
  await measuredRun({ program: process.execPath, args: [...args, "init"], env });
  const child: ChildProcess = spawn(process.execPath, [...args, "agent"], {
    env,
    stdio: ["ignore", "ignore", "ignore"],
  });
  bench.teardown.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`the agent ended with ${code}`);
  });
  died.catch(() => undefined);
  const isProtected = (): boolean => scene.isAtRest() && scene.isProtected();
  await Promise.race([until(isProtected, { everyMs: 100, limitMs: 600_000 }), died]);
  return child.pid ?? 0;
}

class Scene {
  readonly #folder: string;
  readonly #source: string;
  readonly #files: number;
  readonly #locations: readonly string[];
  readonly #repository: string;
  #changed: readonly string[] = [];

  constructor(folder: string, files: number) {
    this.#folder = folder;
    this.#files = files;
    this.#source = join(folder, "source");
    this.#locations = ["a", "b"].map((name) => join(folder, name));
    this.#repository = join(folder, "restic");
  }

  async make(): Promise<void> {
    mkdirSync(this.#source);
    makeBenchTree(this.#source, this.#files);
    const paths = readdirSync(this.#source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => join(parentPath, name));
    this.#changed = paths.filter((_, at) => at % Math.ceil(paths.length / 10) === 0);
    await measuredRun(restic.init(this.#repository));
    await measuredRun(restic.backUp(this.#repository, this.#source));
  }

  /** Of a fleet that has this vault. */
  get fleetArgs(): readonly string[] {
    const fleet = join(this.#folder, "soulmirror.yaml");
    const vault = {
      sources: [this.#source],
      locations: this.#locations.map((each) => ({ url: `file:${each}` })),
      quorum: 2,
      passphrase: { env: "VAULT_PASSPHRASE" },
    };
    writeFileSync(fleet, JSON.stringify({ vaults: { bench: vault } }));
    return ["-c", fleet, "--data", join(this.#folder, "data")];
  }

  isProtected(): boolean {
    return this.#locations.every((each) => snapshotsIn(each) > 0);
  }

  /** Nobody holds a lock. */
  isAtRest(): boolean {
    return this.#locations.every((each) => readdirSync(join(each, "locks")).length === 0);
  }

  async round(
    agent: number,
    { idleMs, round }: { readonly idleMs: number; readonly round: number },
  ): Promise<Round> {
    const before = usedMs(agent);
    await pause(idleMs);
    const rested = usedMs(agent);
    const held = this.#locations.map(snapshotsIn);
    for (const path of this.#changed) appendFileSync(path, `changed in round ${round}\n`);
    const closedMs = performance.now();
    const isHeld = (): boolean =>
      this.#locations.every((location, at) => snapshotsIn(location) > (held[at] ?? 0));
    await until(isHeld, { everyMs: 2, limitMs: 120_000 });
    const elapsedMs = performance.now() - closedMs;
    const durable = usedMs(agent);
    await until(() => this.isAtRest());
    const behindMs = usedMs(agent) - durable;
    for (const location of this.#locations) await this.#prove(location);
    const { cpuMs } = await measuredRun(restic.backUp(this.#repository, this.#source));
    return {
      elapsedMs,
      behindMs,
      idleMs: rested - before,
      busyMs: durable - rested,
      resticMs: cpuMs,
    };
  }

  async #prove(location: string): Promise<void> {
    const out = join(this.#folder, "out");
    const parts = this.#changed.flatMap((path) => ["--include", path]);
    await measuredRun({
      program: "restic",
      args: ["--no-cache", "-q", "-r", location, "restore", "latest", "--target", out, ...parts],
      env: { RESTIC_PASSWORD: passphrase },
    });
    for (const path of this.#changed) {
      if (!readFileSync(path).equals(readFileSync(join(out, path)))) {
        throw new Error(`${location} does not hold ${path} as it is`);
      }
    }
    rmSync(out, { recursive: true });
  }
}

function snapshotsIn(location: string): number {
  return readdirSync(join(location, "snapshots")).length;
}

/** Of all its threads, and of its children that have ended. */
function usedMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [runNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(runNs) / 1e6;
  });
  return threads.reduce((sum, each) => sum + each, childrenMs(pid));
}

/** The kernel counts those in ticks. */
function childrenMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return ticksToMs(Number(fields[13]) + Number(fields[14]));
}

const usedOf = ({ busyMs, idleMs }: Round): number => idleMs + busyMs;

function rowsOf(
  rounds: readonly Round[],
  { first, idleSeconds }: { readonly first: Round; readonly idleSeconds: number },
): readonly Row[] {
  const told = (what: string, unit: string, of: (round: Round) => number): Row => {
    const spread = spreadOf(rounds.map(of));
    return { what, mustReach: "", measured: tellSpread(spread, unit), spread };
  };
  const elapsed = told("from close() to durable in two locations", "ms", (each) => each.elapsedMs);
  const times = told("restic's processor time, so many times ours", "x", (each) => {
    return each.resticMs / usedOf(each);
  });
  return [
    {
      what: "processor of ours in the round behind the start, which is not in what follows",
      mustReach: "",
      measured: `${usedOf(first).toFixed(0)} ms`,
    },
    { ...elapsed, mustReach: "<= 1000 ms", reached: (elapsed.spread?.max ?? 0) <= 1000 },
    told(`processor of ours in ${idleSeconds} s of rest`, "ms", (each) => each.idleMs),
    told("processor of ours until it is durable", "ms", (each) => each.busyMs),
    told("processor of ours behind that", "ms", (each) => each.behindMs),
    told("processor of restic backup", "ms", (each) => each.resticMs),
    { ...times, mustReach: ">= 50x", reached: (times.spread?.median ?? 0) >= 50 },
  ];
}
