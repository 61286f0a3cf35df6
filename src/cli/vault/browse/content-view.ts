/** What a file of a snapshot holds: text as text, and of anything else its first bytes. */
import { formatBytes } from "../../../kernel/index.ts";
import { type FileNode, type RawPath, rawPathOfBytes } from "../../../vault/index.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownName } from "../../shown-name.ts";
import { pathCell, timeCell } from "./cells.ts";
import { stepOf } from "./row-list.ts";
import type { Spot, Stage, View } from "./view.ts";

const bytesMax = 1 << 20;
/** Of a line; nobody reads further. */
const lineMax = 10_000;
/** A file with a zero byte in its beginning is no text. */
const beginningBytes = 8192;
const [dumpedBytes, dumpedInLine] = [4096, 16];
const sidewaysCells = 20;

export class ContentView implements View {
  readonly hint = "arrows move  r restore  v versions  esc back  q quit";
  readonly #stage: Stage;
  readonly #spot: Spot;
  #lines: readonly RawPath[] | undefined;
  #top = 0;
  #left = 0;
  #height = 1;
  #info = "reading ...";

  constructor(stage: Stage, spot: Spot & { readonly node: FileNode }) {
    this.#stage = stage;
    this.#spot = spot;
    const { node } = spot;
    stage.run(async () => {
      const bytes = await stage.window.content(node, bytesMax);
      const isText = !bytes.subarray(0, beginningBytes).includes(0);
      this.#lines = isText ? linesOf(bytes) : dumpOf(bytes.subarray(0, dumpedBytes));
      const part = isText ? bytesMax : dumpedBytes;
      const what = isText ? "" : "no text; ";
      const isAll = node.sizeBytes <= part;
      const shown = isAll ? "" : `, the first ${formatBytes(part)} are shown`;
      this.#info = `${what}${formatBytes(node.sizeBytes)}${shown}; ${timeCell(node.mtimeNs)}`;
      stage.redraw();
    });
  }

  title(columns: number): string {
    const { path, snapshot } = this.#spot;
    const head = `${snapshot.id.slice(0, 8)} ${timeCell(snapshot.timeNs)}`;
    return `${head}  ${pathCell(shownName(path), columns - head.length - 2)}`;
  }

  get info(): string {
    return this.#info;
  }

  body({ rows }: Size): readonly string[] {
    this.#height = rows;
    const lines = this.#lines ?? [];
    this.#top = Math.max(0, Math.min(this.#top, lines.length - rows));
    return lines.slice(this.#top, this.#top + rows).map((line) => {
      const shown = shownName(line.slice(0, lineMax).replaceAll("\t", "    ") as RawPath);
      return this.#left === 0 ? shown : Array.from(shown).slice(this.#left).join("");
    });
  }

  press(key: Key): boolean {
    const { snapshot, path } = this.#spot;
    const step = stepOf(key, this.#height);
    if (step !== undefined) {
      this.#top = Math.max(0, this.#top + step);
      return true;
    }
    switch (key.kind === "text" ? key.text : key.kind) {
      case "right":
        this.#left = Math.min(lineMax, this.#left + sidewaysCells);
        return true;
      case "left":
        this.#left = Math.max(0, this.#left - sidewaysCells);
        return true;
      case "r":
        this.#stage.ways.toRestore(snapshot, [path]);
        return true;
      case "v":
        this.#stage.ways.toVersions(this.#spot);
        return true;
      default:
        return false;
    }
  }

  close(): void {
    // What is read is small.
  }
}

function linesOf(bytes: Uint8Array): readonly RawPath[] {
  const lines = rawPathOfBytes(bytes).split(/\r?\n/) as RawPath[];
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** As `hexdump -C` shows it. */
function dumpOf(bytes: Uint8Array): readonly RawPath[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += dumpedInLine) {
    const part = [...bytes.subarray(at, at + dumpedInLine)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    lines.push(
      `${at.toString(16).padStart(8, "0")}  ${hex.padEnd(3 * dumpedInLine)} ${text.join("")}`,
    );
  }
  return lines as RawPath[];
}
