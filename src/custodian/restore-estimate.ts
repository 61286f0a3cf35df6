/**
 * What a restore will be about, counted beside it for who looks how far it has come. It reads trees
 * that the restore reads as well, so it is only made where somebody looks.
 */
import { setImmediate as turn } from "node:timers/promises";
import { listPaths, type Parts, type Session } from "../vault/index.ts";

/** Names between two moments in which the restore goes on. */
const namesAtOnce = 500;

export class RestoreEstimate implements AsyncDisposable {
  readonly #over = new AbortController();
  readonly #counting: Promise<void>;
  #files = 0;
  #sizeBytes = 0;
  #isWhole = false;

  constructor(session: Session, wish: { readonly tree: string; readonly parts: Parts }) {
    const signal = AbortSignal.any([session.signal, this.#over.signal]);
    // What cannot be counted is not known; the restore itself says what is wrong.
    this.#counting = this.#count({ ...session, signal }, wish).catch(() => undefined);
  }

  /** Undefined until all is counted. */
  get whole(): { readonly files: number; readonly sizeBytes: number } | undefined {
    return this.#isWhole ? { files: this.#files, sizeBytes: this.#sizeBytes } : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#counting;
  }

  async #count(
    session: Session,
    wish: { readonly tree: string; readonly parts: Parts },
  ): Promise<void> {
    let names = 0;
    for await (const listed of listPaths(session, wish)) {
      names += 1;
      if (names % namesAtOnce === 0) await turn(undefined, { signal: session.signal });
      if (listed.kind === "damaged" || listed.node.kind === "dir") continue;
      this.#files += 1;
      if (listed.node.kind === "file") this.#sizeBytes += listed.node.sizeBytes;
    }
    this.#isWhole = true;
  }
}
