/**
 * Kills of a process at random moments of its work in a vault, spread over the time that the work
 * takes undisturbed. `VAULT_KILLS` and `VAULT_KILL_SEED` say how many of each kind of work, and
 * which. Each run has some; `VAULT_KILLS=50` makes 200 of the four kinds together.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { createRandom, integerBetween, type Random } from "../../src/kernel/index.ts";
import { afterwards } from "../afterwards.ts";
import { repositoriesIn, restic, type Verb } from "./vault-work.ts";

const program = fileURLToPath(new URL("vault-kill-program.ts", import.meta.url));
const kills = Number(process.env["VAULT_KILLS"] ?? 16);
const seed = Number(process.env["VAULT_KILL_SEED"] ?? 20_261_122);
/** A process may be done before its moment comes: so many attempts for each kill. */
const attemptsPerKill = 4;

export interface KillRun {
  readonly place: string;
  readonly verb: Verb;
  /** Something to do for it, of about the same size each time. */
  readonly prepare: (random: Random) => Promise<void> | void;
  /** Behind each kill; `kill` counts from 1. */
  readonly judge: (kill: number) => Promise<void>;
}

export async function killAtRandomMoments(killing: KillRun): Promise<void> {
  const { judge, place, prepare, verb } = killing;
  const random = createRandom(seed);
  compileOnce(join(place, "compiled"));
  const start = (): Victim => new Victim(place, verb);
  await prepare(random);
  let durationMs = await start().runToItsEnd();
  const moments: number[] = [];
  let next = start();
  for (let attempt = 0; attempt < kills * attemptsPerKill && moments.length < kills; attempt += 1) {
    await prepare(random);
    const victim = next;
    next = start();
    const atMs = integerBetween(random, 0, Math.ceil(durationMs));
    const endedAfterMs = await victim.killAt(atMs);
    if (endedAfterMs === undefined) moments.push(atMs);
    else durationMs = endedAfterMs;
    await judge(moments.length);
  }
  await next.end();
  process.stdout.write(
    `${verb}: ${moments.length} kills of seed ${seed}, each within ${Math.round(durationMs)} ms\n`,
  );
  if (moments.length < kills) throw new Error(`only ${moments.length} of ${kills} kills hit`);
}

/** Of the processes, and of the threads here: what they are made of is read hundreds of times. */
function compileOnce(folder: string): void {
  const before = process.env["NODE_COMPILE_CACHE"];
  process.env["NODE_COMPILE_CACHE"] = folder;
  afterwards(() => {
    if (before === undefined) delete process.env["NODE_COMPILE_CACHE"];
    else process.env["NODE_COMPILE_CACHE"] = before;
  });
}

/** A process that is loaded and waits, so that its moments are those of its work. */
class Victim {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;
  readonly #ended: Promise<unknown>;
  #said = "";

  constructor(place: string, verb: Verb) {
    this.#child = spawn(process.execPath, [program, place, verb], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    afterwards(() => this.#child.kill("SIGKILL"));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (bytes: Buffer) => (this.#said += bytes.toString()));
    }
    this.#ended = once(this.#child, "close");
    this.#ready = Promise.race([once(this.#child.stdout as never, "data"), this.#ended]);
  }

  /** How long it worked. */
  async runToItsEnd(): Promise<number> {
    await this.#begin();
    const begunMs = performance.now();
    await this.#ended;
    this.#mustBeDone();
    return performance.now() - begunMs;
  }

  /** Undefined: it was killed; otherwise how long it had worked when it was done. */
  async killAt(atMs: number): Promise<number | undefined> {
    await this.#begin();
    const begunMs = performance.now();
    await Promise.race([pause(atMs), this.#ended]);
    this.#child.kill("SIGKILL");
    await this.#ended;
    if (this.#child.signalCode === "SIGKILL") return undefined;
    this.#mustBeDone();
    return performance.now() - begunMs;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async #begin(): Promise<void> {
    await this.#ready;
    this.#child.stdin?.write("go\n");
  }

  #mustBeDone(): void {
    if (this.#child.exitCode !== 0) throw new Error(`it failed: ${this.#said}`);
  }
}

/** What stock restic says of both repositories; in full, the locks of the dead are taken away. */
export async function mustBeSound(place: string, look: "in full" | "in structure"): Promise<void> {
  await Promise.all(
    repositoriesIn(place).map(async (repository) => {
      if (look === "in full") await restic(repository, "unlock");
      const how = look === "in full" ? "--read-data" : "--no-lock";
      expect(await restic(repository, "check", how)).toContain("no errors were found");
    }),
  );
}
