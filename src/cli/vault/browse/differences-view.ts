/** What is different in a snapshot and the one before it, in a folder. */
import {
  type Difference,
  type HeldSnapshot,
  isInside,
  type RawPath,
} from "../../../vault/index.ts";
import { counted } from "../../counted.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownName } from "../../shown-name.ts";
import { pathCell, rowOf, sizeCell } from "./cells.ts";
import { RowList } from "./row-list.ts";
import { nameOf } from "./vault-window.ts";
import type { Stage, View } from "./view.ts";

/** As `vault diff` writes them. */
const signs = { added: "+", removed: "-", content: "M", metadata: "U", damaged: "!" } as const;
const colours = {
  added: "green",
  removed: "red",
  content: "yellow",
  metadata: "grey",
  damaged: "red",
} as const;
const shownMax = 10_000;

export interface DifferencesWish {
  readonly snapshot: HeldSnapshot;
  readonly folder: RawPath;
}

export class DifferencesView implements View {
  readonly hint = "+ added  - removed  M content  U metadata   enter go there  esc back  q quit";
  readonly #stage: Stage;
  readonly #wish: DifferencesWish;
  readonly #list = new RowList<Difference>();
  readonly #over = new AbortController();
  readonly #found: Difference[] = [];
  #isDone = false;

  constructor(stage: Stage, wish: DifferencesWish) {
    this.#stage = stage;
    this.#wish = wish;
    this.#list.rows = this.#found;
    stage.run(() => this.#compare());
  }

  title(): string {
    const { folder, snapshot } = this.#wish;
    return `${snapshot.id.slice(0, 8)} against the one before it, in ${shownName(folder)}`;
  }

  get info(): string {
    const { length } = this.#found;
    if (length === shownMax) return `the first ${shownMax}; \`soulmirror vault diff\` tells all`;
    return `${counted(length, "difference")}${this.#isDone ? "" : " so far ..."}`;
  }

  body({ columns, rows }: Size): readonly string[] {
    const { style } = this.#stage;
    if (this.#isDone && this.#found.length === 0) return ["Nothing is different."];
    return this.#list.shown(rows).map(({ isChosen, row }) => {
      const sign = style.paint(colours[row.kind], signs[row.kind]);
      const size = sizeOf(row);
      const room = Math.max(8, columns - size.length - 6);
      return rowOf(`${sign} ${pathCell(shownName(row.path), room)}  ${size}`, isChosen, style);
    });
  }

  press(key: Key): boolean {
    if (this.#list.press(key)) return true;
    const chosen = this.#list.chosen;
    const isMeant =
      ["enter", "right"].includes(key.kind) || (key.kind === "text" && key.text === "l");
    if (chosen === undefined || !isMeant) return false;
    if (chosen.kind === "removed") {
      this.#stage.say("It is not in this snapshot; the one before it has it.");
      return true;
    }
    const { path } = chosen;
    const folder = path.slice(0, Math.max(1, path.lastIndexOf("/"))) as RawPath;
    this.#stage.ways.toFolder(this.#wish.snapshot, folder, nameOf(path));
    return true;
  }

  close(): void {
    this.#over.abort();
  }

  async #compare(): Promise<void> {
    const { folder, snapshot } = this.#wish;
    const { redraw, window } = this.#stage;
    try {
      for await (const each of window.differences(snapshot, this.#over.signal)) {
        if (!isInside(each.path, folder)) continue;
        this.#found.push(each);
        if (this.#found.length === shownMax) break;
        redraw();
      }
    } finally {
      this.#isDone = true;
      redraw();
    }
  }
}

function sizeOf(difference: Difference): string {
  if (difference.kind === "damaged") return "";
  const node = difference.kind === "removed" ? difference.before : difference.after;
  return node.kind === "dir" ? "" : sizeCell(node, undefined);
}
