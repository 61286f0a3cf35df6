/**
 * What is to be protected and is not yet: everything below the sources, or the folders that
 * changed.
 *
 * W1. What was taken and could not be done is put back, and nothing that came meanwhile is lost.
 * W2. A change of no folder asks for a further look at the locations, and at nothing else.
 * W3. Never more than `foldersMax` folders: beyond that, everything is looked at.
 */
import type { RawPath } from "../../vault/index.ts";

export type Wish =
  | { readonly kind: "everything"; readonly reason: string }
  | { readonly kind: "changed"; readonly folders: readonly RawPath[] };

export class Wishes {
  readonly #foldersMax: number;
  #folders = new Set<RawPath>();
  #reason: string | undefined;
  #isAgain = false;

  constructor(foldersMax = 50_000) {
    this.#foldersMax = foldersMax;
  }

  get isEmpty(): boolean {
    return this.#reason === undefined && this.#folders.size === 0 && !this.#isAgain;
  }

  add(wish: Wish): void {
    if (wish.kind === "everything") this.#reason ??= wish.reason;
    else {
      this.#isAgain ||= wish.folders.length === 0;
      for (const folder of wish.folders) this.#folders.add(folder);
    }
    if (this.#folders.size <= this.#foldersMax) return;
    this.#reason ??= "storm";
    this.#folders.clear();
  }

  take(): Wish {
    const reason = this.#reason;
    const folders = [...this.#folders];
    this.#reason = undefined;
    this.#isAgain = false;
    this.#folders = new Set();
    return reason === undefined ? { kind: "changed", folders } : { kind: "everything", reason };
  }
}
