/**
 * What a command says: text for people, or one JSON document with `--json`, on standard output.
 * What is said beside it goes to standard error, with `--json` as lines of JSON.
 */
import { createStyle, type Style, styleOf } from "./style.ts";

export class Output {
  readonly isJson: boolean;
  readonly style: Style;
  /** Standard output is a terminal that somebody looks at. */
  readonly isLive: boolean;
  /** A line is there that the next one is to replace. */
  #isDrawn = false;

  constructor({ isJson, wantsColour }: { isJson: boolean; wantsColour: boolean }) {
    this.isJson = isJson;
    this.isLive = process.stdout.isTTY && !isJson;
    this.style = isJson
      ? createStyle({ isColoured: false, isAscii: false })
      : styleOf(process.stdout, wantsColour);
    // `soulmirror logs | head`: who stops reading has seen enough.
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      process.exit(error.code === "EPIPE" ? 0 : 1);
    });
  }

  /** The result: `value` with --json, else what `text` makes of it. */
  show(value: unknown, text: (style: Style) => string): void {
    this.write(this.isJson ? JSON.stringify(value, undefined, 2) : text(this.style));
  }

  /** One line (or more) of the result. */
  write(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Said beside the result; never part of it. */
  note(text: string): void {
    const told = this.isJson ? JSON.stringify({ kind: "note", text }) : text;
    if (this.#isDrawn) this.progress("");
    process.stderr.write(`${told}\n`);
  }

  /** Where work shows how far it has come: in a line that is drawn over, or line after line. */
  get progressKind(): "live" | "lines" | "json" {
    if (this.isJson) return "json";
    return this.isLive && process.stderr.isTTY ? "live" : "lines";
  }

  /** Only who shows how far long work has come writes lines where nobody looks. */
  progressLine(text: string): void {
    if (this.progressKind === "live") this.progress(text);
    else process.stderr.write(`${text}\n`);
  }

  /** A line that the next one replaces; only where somebody looks. */
  progress(text: string): void {
    if (this.progressKind !== "live") return;
    process.stderr.write(`\r\u001b[2K${text}`);
    this.#isDrawn = text !== "";
  }
}
