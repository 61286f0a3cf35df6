/** Names that a search finds, as they are found. */
import {
  compilePatterns,
  type HeldSnapshot,
  type ListedPath,
  type RawPath,
  textOfRawPath,
} from "../../../vault/index.ts";
import { counted } from "../../counted.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownName, shownText } from "../../shown-name.ts";
import { pathCell, rowOf, sizeCell, timeCell } from "./cells.ts";
import { RowList } from "./row-list.ts";
import { nameOf } from "./vault-window.ts";
import type { Stage, View } from "./view.ts";

export interface FindWish {
  readonly snapshot: HeldSnapshot;
  readonly folder: RawPath;
  readonly text: string;
}

type Found = Extract<ListedPath, { readonly kind: "name" }>;

/** Who has found so many asks for less. */
const foundMax = 1000;
const drawnEvery = 5000;

export class FoundView implements View {
  readonly hint = "enter go there  space mark  r restore  v versions  esc back  q quit";
  readonly #stage: Stage;
  readonly #wish: FindWish;
  readonly #list = new RowList<Found>();
  readonly #over = new AbortController();
  readonly #found: Found[] = [];
  #looked = 0;
  #damaged = 0;
  #isDone = false;

  constructor(stage: Stage, wish: FindWish) {
    this.#stage = stage;
    this.#wish = wish;
    this.#list.rows = this.#found;
    stage.run(() => this.#find());
  }

  title(): string {
    const { folder, text } = this.#wish;
    return `"${shownText(text)}" in ${shownName(folder)}`;
  }

  get info(): string {
    const so = this.#isDone ? "found" : "found so far";
    const limit = this.#found.length === foundMax ? ", and no more are looked for" : "";
    const damaged = this.#damaged > 0 ? `; ${counted(this.#damaged, "folder")} unreadable` : "";
    return `${this.#found.length} ${so}${limit}; ${counted(this.#looked, "name")} looked at${damaged}`;
  }

  body({ columns, rows }: Size): readonly string[] {
    const { marks, style } = this.#stage;
    const { snapshot } = this.#wish;
    return this.#list.shown(rows).map(({ isChosen, row: { node, path } }) => {
      const cells = `${sizeCell(node, undefined)}  ${timeCell(node.mtimeNs)}`;
      const room = Math.max(8, columns - cells.length - 6);
      const mark = marks.has(snapshot, path) ? "*" : " ";
      return rowOf(`${mark} ${pathCell(shownName(path), room)}  ${cells}`, isChosen, style);
    });
  }

  press(key: Key): boolean {
    if (this.#list.press(key)) return true;
    const found = this.#list.chosen;
    if (found === undefined) return false;
    const { node, path } = found;
    const { snapshot } = this.#wish;
    const { marks, ways } = this.#stage;
    switch (key.kind === "text" ? key.text : key.kind) {
      case "enter":
      case "right":
      case "l":
        ways.toFolder(snapshot, folderOf(path), nameOf(path));
        return true;
      case " ":
        marks.toggle(snapshot, path);
        this.#list.choose(this.#list.at + 1);
        return true;
      case "r": {
        const marked = marks.of(snapshot);
        ways.toRestore(snapshot, marked.length > 0 ? marked : [path]);
        return true;
      }
      case "v":
        ways.toVersions({ snapshot, path, node });
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.#over.abort();
  }

  async #find(): Promise<void> {
    const { folder, snapshot, text } = this.#wish;
    const { redraw, window } = this.#stage;
    const matches = matcherOf(text);
    for await (const listed of window.below(snapshot, folder, this.#over.signal)) {
      if (listed.kind === "damaged") this.#damaged += 1;
      else {
        this.#looked += 1;
        if (matches(nameOf(listed.path))) this.#found.push(listed);
      }
      if (this.#found.length === foundMax) break;
      if (this.#looked % drawnEvery === 0 || this.#found.length < drawnEvery / 100) redraw();
    }
    this.#isDone = true;
    redraw();
  }
}

/** A part of the name, in whatever case; or all of it, where the text is a pattern. */
function matcherOf(text: string): (name: RawPath) => boolean {
  const patterns = /[*?]/.test(text) ? compilePatterns([text]) : undefined;
  if (patterns?.ok === true) return (name) => patterns.value.matches(name);
  const part = text.toLowerCase();
  return (name) => textOfRawPath(name).toLowerCase().includes(part);
}

function folderOf(path: RawPath): RawPath {
  return path.slice(0, Math.max(1, path.lastIndexOf("/"))) as RawPath;
}
