/**
 * 12. The journal goes on wherever it can be kept, and in the end the store has all of it: in
 *     order, each entry once, every seal right, and a gap entry for what neither the store nor the
 *     emergency file nor memory could keep. Only what was in the memory of a daemon that was killed
 *     is gone without a gap.
 */
import { verifyChain } from "../../../src/knowledge/index.ts";
import type { Entry, Kept, SealedEntry } from "../../../src/model/index.ts";
import { macOf } from "../sums.ts";

interface Line {
  readonly text: string;
  isInMemory: boolean;
  /** It may be gone: its daemon was killed before it was anywhere else. */
  mayBeGone: boolean;
}

export class ChainBook {
  readonly #lines: Line[] = [];
  /** The batch that is being written. */
  #writing: readonly Line[] = [];

  told(entries: readonly Entry[]): void {
    this.#writing = entries.map((entry) => {
      return { text: JSON.stringify(entry), isInMemory: true, mayBeGone: false };
    });
    this.#lines.push(...this.#writing);
  }

  written(kept: Kept): void {
    for (const line of this.#writing) line.isInMemory = kept === "memory";
    this.#writing = [];
    // The file takes what was in memory along, and so does the store when it is back.
    if (kept !== "memory") for (const line of this.#lines.slice(-1000)) line.isInMemory = false;
  }

  daemonDied(): void {
    for (const line of this.#lines) if (line.isInMemory) line.mayBeGone = true;
    this.#writing = [];
  }

  /** What is wrong with what the store has in the end. */
  compare(stored: readonly SealedEntry[]): readonly string[] {
    const { finding, lost } = verifyChain(stored, macOf);
    if (finding) return [`the journal is ${finding.kind}: ${finding.what}`];
    let next = 0;
    let missing = 0;
    let excused = 0;
    for (const { entry, position } of stored) {
      if (entry.kind === "gap") continue;
      const text = JSON.stringify(entry);
      while (next < this.#lines.length && this.#lines[next]?.text !== text) {
        missing += 1;
        if (this.#lines[next]?.mayBeGone) excused += 1;
        next += 1;
      }
      if (next >= this.#lines.length) return [`entry ${position} was never told, or told before`];
      next += 1;
    }
    missing += this.#lines.length - next;
    const isTold = missing <= lost + excused && lost <= missing;
    return isTold ? [] : [`${missing} entries are not in the journal, which says ${lost}`];
  }
}
