/** Requests without a pause, a few at a time, and a list of those that were not answered well. */
import { setTimeout as pause } from "node:timers/promises";

const clients = 4;
const restMs = 10;

export class Load implements AsyncDisposable {
  readonly failures: string[] = [];
  /** The pids that have answered. */
  readonly processes: Set<number> = new Set();
  answers = 0;
  #versions: string[] = [];
  #isOver = false;
  readonly #clients: Promise<void>[];

  /** With `POST` nothing may be tried again on the way: every request counts. */
  constructor(url: string, method: "GET" | "POST" = "GET") {
    this.#clients = Array.from({ length: clients }, () => this.#ask(url, method));
  }

  /** The last `count` answers all came from this version. */
  seenSince(version: string, count: number): boolean {
    const last = this.#versions.slice(-count);
    return last.length === count && last.every((each) => each === version);
  }

  async #ask(url: string, method: string): Promise<void> {
    while (!this.#isOver) {
      try {
        const answer = await fetch(url, { method, signal: AbortSignal.timeout(15_000) });
        const text = await answer.text();
        if (answer.ok) this.#note(text);
        else this.failures.push(`${answer.status} ${text}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      await pause(restMs);
    }
  }

  #note(text: string): void {
    const { pid, version } = JSON.parse(text) as { pid: number; version: string };
    this.answers += 1;
    this.processes.add(pid);
    this.#versions = [...this.#versions.slice(-50), version];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }
}
