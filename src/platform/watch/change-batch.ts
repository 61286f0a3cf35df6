/**
 * Folders that changed and were not told yet.
 *
 * B1. A folder is due when it was quiet for `debounceMs`, and `maxDelayMs` after its first change.
 * B2. Each folder waits for itself: one that never holds still delays no other.
 * B3. Never more than `changedMax`; what is more is refused.
 */
import type { RawPath } from "../../vault/index.ts";
import type { WatchLimits } from "./watch-options.ts";

interface Change {
  readonly firstMs: number;
  lastMs: number;
}

export class ChangeBatch {
  readonly #limits: Pick<WatchLimits, "debounceMs" | "maxDelayMs" | "changedMax">;
  readonly #changes = new Map<RawPath, Change>();

  constructor(limits: Pick<WatchLimits, "debounceMs" | "maxDelayMs" | "changedMax">) {
    this.#limits = limits;
  }

  /** @returns whether there was room for it */
  note(folder: RawPath, nowMs: number): boolean {
    const change = this.#changes.get(folder);
    if (change !== undefined) {
      change.lastMs = nowMs;
      return true;
    }
    if (this.#changes.size >= this.#limits.changedMax) return false;
    this.#changes.set(folder, { firstMs: nowMs, lastMs: nowMs });
    return true;
  }

  has(folder: RawPath): boolean {
    return this.#changes.has(folder);
  }

  clear(): void {
    this.#changes.clear();
  }

  /** Takes out what is due, and says when something else will be. */
  take(nowMs: number): { readonly folders: readonly RawPath[]; readonly nextMs?: number } {
    const folders: RawPath[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [folder, change] of this.#changes) {
      const dueMs = this.#dueMs(change);
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
      } else {
        folders.push(folder);
        this.#changes.delete(folder);
      }
    }
    return this.#changes.size === 0 ? { folders } : { folders, nextMs };
  }

  #dueMs({ firstMs, lastMs }: Change): number {
    const { debounceMs, maxDelayMs } = this.#limits;
    return Math.min(lastMs + debounceMs, firstMs + maxDelayMs);
  }
}
