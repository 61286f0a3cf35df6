/** Rows of which one is chosen, and the part of them that there is room for. */
import type { Key } from "../../keys.ts";

export class RowList<Row> {
  rows: readonly Row[] = [];
  #at = 0;
  #top = 0;
  #height = 1;

  get chosen(): Row | undefined {
    return this.rows[this.#at];
  }

  get at(): number {
    return Math.min(this.#at, Math.max(0, this.rows.length - 1));
  }

  choose(at: number): void {
    this.#at = Math.max(0, Math.min(at, this.rows.length - 1));
  }

  /** What is shown, with the chosen row among it. */
  shown(height: number): readonly { readonly row: Row; readonly isChosen: boolean }[] {
    this.#height = Math.max(1, height);
    this.choose(this.#at);
    this.#top = Math.max(this.#at - this.#height + 1, Math.min(this.#top, this.#at));
    this.#top = Math.max(0, Math.min(this.#top, this.rows.length - this.#height));
    return this.rows
      .slice(this.#top, this.#top + this.#height)
      .map((row, place) => ({ row, isChosen: this.#top + place === this.#at }));
  }

  /** True: the key moved it, or could have. */
  press(key: Key): boolean {
    const step = stepOf(key, this.#height);
    if (step === undefined) return false;
    this.choose(this.#at + step);
    return true;
  }
}

const far = Number.MAX_SAFE_INTEGER;

/** How far a key goes; undefined: it is for something else. */
export function stepOf(key: Key, height: number): number | undefined {
  switch (key.kind === "text" ? key.text : key.kind) {
    case "up":
    case "k":
      return -1;
    case "down":
    case "j":
      return 1;
    case "page-up":
      return 1 - height;
    case "page-down":
      return height - 1;
    case "home":
    case "g":
      return -far;
    case "end":
    case "G":
      return far;
    default:
      return undefined;
  }
}
