/**
 * What becomes of the streams of a vault, written to where people and the daemon look: the state of
 * the vault, and the trail for gaps.
 *
 * 1. Nobody waits for it: what comes is written in its order, one piece at a time.
 * 2. While another process holds the vault it is waited for. Of what comes meanwhile the oldest is
 *    dropped beyond a limit; its line in the log stays.
 */
import { setTimeout as pause } from "node:timers/promises";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import type { VaultEvent } from "../../vault/index.ts";
import { recordInVault } from "../record-in-vault.ts";
import { noteInState, stateOf } from "../state-file.ts";
import { claimVault } from "../vault-folder.ts";
import type { StreamTold } from "./stream.ts";

const waitingMax = 1000;
const heldPauseMs = 500;

export class StreamNotes implements AsyncDisposable {
  readonly #folder: string;
  readonly #log: (text: string) => void;
  readonly #end = new AbortController();
  readonly #waiting: VaultEvent[] = [];
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param folder see `vaultFolder`
   * @param log for what could not be written
   */
  constructor(folder: string, log: (text: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Those that are declared; what is known of others is forgotten. */
  async declare(names: readonly string[]): Promise<void> {
    // A vault that never had one has nothing to say of them.
    const isKnown = (await stateOf(this.#folder))?.streams !== undefined;
    if (isKnown || names.length > 0) this.#add({ kind: "streams", names });
  }

  tell({ kind: news, stream: name, text: reason }: StreamTold): void {
    if (news === "left") return;
    const at = Math.floor(realClock.now().wallMs);
    this.#add({ kind: "stream", stream: { at, name, news, reason } });
  }

  /** What waits for somebody else is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#writing;
  }

  #add(event: VaultEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > waitingMax) this.#waiting.shift();
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => this.#log(`streams are not noted: ${messageOf(error)}`));
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lock = await this.#claim();
    if (lock === undefined) return;
    await using held = new AsyncDisposableStack();
    held.use(lock);
    const events = this.#waiting.splice(0);
    for (const event of events) {
      if (event.kind !== "stream" || event.stream.news !== "gap") continue;
      const { name, reason } = event.stream;
      await recordInVault(this.#folder, "stream-gap", { stream: name, reason });
    }
    await noteInState(this.#folder, Math.floor(realClock.now().wallMs), events);
  }

  /** Undefined: it was told to end before the vault was free. */
  async #claim(): Promise<ReturnType<typeof claimVault> | undefined> {
    for (;;) {
      try {
        return claimVault(this.#folder);
      } catch (error) {
        if (!(error instanceof SoulMirrorError) || error.code !== "VAULT_LOCKED") throw error;
      }
      if (this.#end.signal.aborted) return undefined;
      await pause(heldPauseMs, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
  }
}
