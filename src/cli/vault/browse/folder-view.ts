/** A folder of a snapshot: what it holds, folders first. */
import {
  type HeldSnapshot,
  joinRaw,
  longLineOf,
  type RawPath,
  type TreeNode,
} from "../../../vault/index.ts";
import { padTo, visibleWidth } from "../../columns.ts";
import { counted } from "../../counted.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownName, shownText } from "../../shown-name.ts";
import { headOf, nameCell, pathCell, rowOf, sizeCell, timeCell } from "./cells.ts";
import { Measurer } from "./measurer.ts";
import { RowList } from "./row-list.ts";
import { nameOf } from "./vault-window.ts";
import type { Spot, Stage, View } from "./view.ts";

export interface FolderWish {
  readonly snapshot: HeldSnapshot;
  readonly folder: RawPath;
  /** A name in it. */
  readonly chosen?: RawPath | undefined;
}

/** Where there is less room, times are left out. */
const columnsForTimes = 64;

export class FolderView implements View {
  readonly hint = "enter open  space mark  r restore  d diff  v versions  / find  u up  esc back";
  readonly #stage: Stage;
  readonly #snapshot: HeldSnapshot;
  readonly #categoriesOf: (path: RawPath) => readonly string[];
  readonly #list = new RowList<TreeNode>();
  readonly #measurer: Measurer;
  #folder: RawPath;
  #state = "opening ...";

  constructor(stage: Stage, { chosen, folder, snapshot }: FolderWish) {
    this.#stage = stage;
    this.#snapshot = snapshot;
    this.#folder = folder;
    this.#categoriesOf = stage.window.categoriesOf(snapshot);
    this.#measurer = new Measurer(stage);
    this.#go(folder, chosen);
  }

  title(columns: number): string {
    const { id, timeNs } = this.#snapshot;
    const head = `${id.slice(0, 8)} ${timeCell(timeNs)}`;
    return `${head}  ${pathCell(shownName(this.#folder), columns - head.length - 2)}`;
  }

  get info(): string {
    const marked = this.#stage.marks.of(this.#snapshot).length;
    const node = this.#list.chosen;
    const long = node === undefined ? "" : shownText(longLineOf(node.name, node));
    return marked === 0 ? long : `${marked} marked; ${long}`;
  }

  body({ columns, rows }: Size): readonly string[] {
    if (this.#state !== "") return [this.#state];
    const { style } = this.#stage;
    const head = headOf(counted(this.#list.rows.length, "name"), rows, style);
    const shown = this.#list.shown(rows - head.length);
    this.#measurer.want(
      shown.flatMap(({ row }) =>
        row.kind === "dir"
          ? [{ snapshot: this.#snapshot, path: this.#pathOf(row), tree: row.subtree }]
          : [],
      ),
    );
    const categories = shown.map(({ row }) => this.#categoriesCell(row));
    const categoryCells = Math.max(...categories.map(visibleWidth), 0);
    return [
      ...head,
      ...shown.map(({ isChosen, row }, place) => {
        const category = padTo(categories[place] ?? "", categoryCells);
        return rowOf(this.#text(row, category, columns - 2), isChosen, style);
      }),
    ];
  }

  press(key: Key): boolean {
    if (this.#list.press(key)) return true;
    const { ask, ways } = this.#stage;
    switch (key.kind === "text" ? key.text : key.kind) {
      case "left":
      case "h":
      case "u":
      case "backspace":
        this.#up();
        return true;
      case "d":
        ways.toDifferences(this.#snapshot, this.#folder);
        return true;
      case "/":
        ask({
          text: `Find which names in ${shownName(this.#folder)}? A part, or a pattern with * and ?`,
          draft: "",
          onAnswer: (text) => ways.toFound(this.#snapshot, this.#folder, text),
        });
        return true;
      default:
        return this.#pressOn(this.#list.chosen, key);
    }
  }

  close(): void {
    this.#measurer.close();
  }

  /** Keys that are about what is chosen. */
  #pressOn(node: TreeNode | undefined, key: Key): boolean {
    if (node === undefined) return false;
    const { marks, ways } = this.#stage;
    const spot: Spot = { snapshot: this.#snapshot, path: this.#pathOf(node), node };
    switch (key.kind === "text" ? key.text : key.kind) {
      case "enter":
      case "right":
      case "l":
        if (node.kind === "dir") this.#go(spot.path);
        else ways.toContent(spot);
        return true;
      case " ":
        marks.toggle(this.#snapshot, spot.path);
        this.#list.choose(this.#list.at + 1);
        return true;
      case "r": {
        const marked = marks.of(this.#snapshot);
        ways.toRestore(this.#snapshot, marked.length > 0 ? marked : [spot.path]);
        return true;
      }
      case "v":
        ways.toVersions(spot);
        return true;
      default:
        return false;
    }
  }

  #up(): void {
    if (this.#folder === "/") return;
    const above = this.#folder.slice(0, Math.max(1, this.#folder.lastIndexOf("/"))) as RawPath;
    this.#go(above, nameOf(this.#folder));
  }

  #go(folder: RawPath, chosen?: RawPath): void {
    const { redraw, run, window } = this.#stage;
    run(async () => {
      const found = await window.folderAt(this.#snapshot, folder);
      this.#folder = found.path;
      this.#list.rows = found.nodes.toSorted(foldersFirst);
      const name = chosen ?? found.name;
      this.#list.choose(this.#list.rows.findIndex((node) => node.name === name));
      this.#state = "";
      redraw();
    });
  }

  #pathOf({ name }: TreeNode): RawPath {
    return joinRaw(this.#folder, name);
  }

  #categoriesCell(node: TreeNode): string {
    return this.#categoriesOf(this.#pathOf(node)).map(shownText).join(",");
  }

  #text(node: TreeNode, category: string, width: number): string {
    const { marks, style, window } = this.#stage;
    const path = this.#pathOf(node);
    const sum =
      node.kind === "dir" ? window.knownSum(this.#snapshot, path, node.subtree) : undefined;
    const cells = [
      sizeCell(node, sum),
      ...(width < columnsForTimes ? [] : [timeCell(node.mtimeNs)]),
      ...(category === "" ? [] : [style.paint("blue", category)]),
    ].join("  ");
    const room = Math.max(8, width - visibleWidth(cells) - 4);
    const mark = marks.has(this.#snapshot, path) ? "*" : " ";
    return `${mark} ${nameFitting(node, room)}  ${cells}`;
  }
}

function nameFitting(node: TreeNode, width: number): string {
  const name = nameCell(node);
  return node.kind === "dir" ? pathCell(name, width) : padTo(name, width);
}

function foldersFirst(left: TreeNode, right: TreeNode): number {
  const [a, b] = [left.kind === "dir" ? 0 : 1, right.kind === "dir" ? 0 : 1];
  // What is equal stays in the order of the bytes of its names.
  return a - b;
}
