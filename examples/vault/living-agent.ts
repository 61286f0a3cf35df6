/**
 * The agent as the daemon runs it: a process, so that whoever destroys and looks is another one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Scene } from "./scene.ts";

const program = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));
const saidMax = 10_000;

export class LivingAgent implements AsyncDisposable {
  readonly #process: ChildProcess;
  #said = "";

  constructor({ fleet }: Scene) {
    this.#process = spawn(process.execPath, [program, "vault", "agent", "-c", fleet], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process.stderr?.on("data", (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-saidMax);
    });
  }

  /** @throws when it is not there any more, with what it said */
  mustLive(): void {
    if (this.#process.exitCode === null && this.#process.signalCode === null) return;
    throw new Error(`the agent ended: ${this.#said.trim()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
  }
}
