/**
 * A small process of the drill's own: a stranger who takes a port, a neighbour who burns the
 * processor. It ends with its time, with the drill, or when it is told to: it is its own undo.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { ProcessIdentity } from "../model/index.ts";
import { processIdentity } from "../system/index.ts";
import type { Deed } from "./accomplice-main.ts";
import { startOwn } from "./start-process.ts";
import { waitUntil } from "./wait-until.ts";

export class Accomplice {
  readonly identity: ProcessIdentity;
  readonly #child: ChildProcess;
  readonly #said = new Set<string>();

  /** Resolves when it has begun. */
  static async start(deed: Deed): Promise<Accomplice> {
    const child = startOwn("accomplice-main", [JSON.stringify(deed)]);
    const accomplice = new Accomplice(child);
    await accomplice.says("ready");
    return accomplice;
  }

  private constructor(child: ChildProcess) {
    const identity = processIdentity(child.pid ?? 0);
    if (identity === undefined) throw new Error("a process of the drill could not be started");
    this.identity = identity;
    this.#child = child;
    child.on("message", (word: string) => this.#said.add(word));
    child.on("error", () => {});
    child.unref();
    child.channel?.unref();
  }

  says(word: string): Promise<true> {
    return waitUntil(`a process of the drill says ${word}`, () => {
      if (this.isGone) throw new Error(`a process of the drill ended before it said ${word}`);
      return this.#said.has(word) || undefined;
    });
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async end(): Promise<void> {
    if (this.isGone) return;
    this.#child.ref();
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}
