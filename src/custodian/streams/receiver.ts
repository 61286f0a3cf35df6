/**
 * The program that receives: started anew when it ends, with pauses that grow.
 *
 * R1. One at a time: what an earlier process of ours left running is ended before, known by its
 *     note, for two would write into the same files.
 * R2. What it says last is kept, for whoever asks why nothing comes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../kernel/index.ts";
import { processIdentity, realMonotonicMs, replaceFile } from "../../system/index.ts";
import { masked } from "../run-program.ts";
import type { Command } from "./stream-server.ts";

export interface Receiving {
  readonly env: Readonly<Record<string, string>>;
  /** Asked before each start. */
  readonly command: () => Command;
  /** Of the note (R1). */
  readonly notePath: string;
}

const retryMs = { least: 500, most: 60_000 } as const;
const complaintCharacters = 300;

export class Receiver implements AsyncDisposable {
  readonly #receiving: Receiving;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #child: ChildProcess | undefined;
  #complaint = "";

  constructor(receiving: Receiving) {
    this.#receiving = receiving;
    this.#running = this.#run();
  }

  /** Empty: it said nothing. */
  get complaint(): string {
    return masked(this.#complaint.trim(), this.#receiving.env);
  }

  /** Something is wrong that it does not see itself, such as a network that answers nothing. */
  restart(): void {
    this.#child?.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#child?.kill("SIGTERM");
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    await endNoted(this.#receiving.notePath);
    for (let delayMs: number = retryMs.least; !signal.aborted; ) {
      const begunMs = realMonotonicMs();
      await this.#runOnce().catch((error: unknown) => {
        this.#complaint = messageOf(error);
      });
      const wasLong = realMonotonicMs() - begunMs > retryMs.most;
      delayMs = wasLong ? retryMs.least : Math.min(retryMs.most, delayMs * 2);
      await pause(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #runOnce(): Promise<void> {
    const { command, env, notePath } = this.#receiving;
    const { args, command: file } = command();
    const child = spawn(file, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (said: string) => {
      this.#complaint = (this.#complaint + said).slice(-complaintCharacters);
    });
    await once(child, "spawn");
    const ended = once(child, "close");
    replaceFile(notePath, JSON.stringify(processIdentity(child.pid ?? 0) ?? {}));
    // Told to end while it started.
    if (this.#end.signal.aborted) child.kill("SIGTERM");
    await ended;
  }
}

/** How often it is asked whether it has ended. */
const endedEveryMs = 20;
const endedTries = 250;

/** What a process of ours left behind that was killed. */
export async function endNoted(notePath: string): Promise<void> {
  const noted = noteOf(notePath);
  if (noted === undefined) return;
  for (let tries = 0; tries < endedTries; tries += 1) {
    const living = processIdentity(noted.pid);
    if (living?.startTicks !== noted.startTicks || living.bootId !== noted.bootId) return;
    process.kill(noted.pid, "SIGKILL");
    await pause(endedEveryMs);
  }
}

type Identity = NonNullable<ReturnType<typeof processIdentity>>;

function noteOf(path: string): Identity | undefined {
  try {
    const noted = JSON.parse(readFileSync(path, "utf8")) as Partial<Identity>;
    return typeof noted.pid === "number" && noted.pid > 1 ? (noted as Identity) : undefined;
  } catch {
    // None, or torn: then there is nobody known.
    return undefined;
  }
}
