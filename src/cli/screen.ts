/**
 * The terminal, taken for pictures that are drawn over each other: line by line and never cleared
 * in between, so that it does not flicker over a slow connection.
 *
 * S1. However it ends, the terminal is as it was: the main screen, a cursor, line editing.
 * S2. What is too wide for it is cut off, whatever it takes a character's width for.
 */
import { once } from "node:events";
import { cutTo, visibleWidth } from "./columns.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

// Another screen, no cursor, and no going on in the next line.
const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";

export class Screen implements Disposable {
  readonly #onKeys: (bytes: Buffer) => void;
  readonly #onResize: () => void;
  readonly #over = new AbortController();
  readonly #end = (): void => this.#over.abort();
  readonly #leave = (): void => void process.stdout.write(leave);

  /** Both standard input and standard output are terminals. */
  static get isThere(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  constructor(onKeys: (bytes: Buffer) => void, onResize: () => void) {
    this.#onKeys = onKeys;
    this.#onResize = onResize;
    process.stdout.write(enter);
    process.once("exit", this.#leave);
    process.stdin.setRawMode(true).resume();
    process.stdin.on("data", this.#onKeys).once("end", this.#end);
    process.stdout.on("resize", this.#onResize);
    process.once("SIGTERM", this.#end).once("SIGHUP", this.#end);
  }

  /** Somebody ended it from outside, or the terminal is gone. */
  get ended(): AbortSignal {
    return this.#over.signal;
  }

  get size(): Size {
    // A terminal that does not know its size says 0.
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
  }

  /** As many lines as there are rows; those beyond are left out. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.size;
    const drawn = lines.slice(0, rows).map((line) => {
      const shown = cutTo(line, columns);
      // Behind the last column the cursor still stands upon it: clearing would take it away.
      return `${shown}\u001b[0m${visibleWidth(shown) < columns ? "\u001b[K" : ""}`;
    });
    process.stdout.write(`\u001b[H${drawn.join("\r\n")}\u001b[J`);
  }

  [Symbol.dispose](): void {
    process.off("SIGTERM", this.#end).off("SIGHUP", this.#end).off("exit", this.#leave);
    process.stdout.off("resize", this.#onResize);
    process.stdin.off("data", this.#onKeys).off("end", this.#end);
    process.stdin.setRawMode(false).pause();
    this.#leave();
  }
}

/** Until the first of them aborts. */
export async function untilAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (!any.aborted) await once(any, "abort");
}
