/** What became of one path over the snapshots, the newest version first. */
import type { TreeNode, Version } from "../../../vault/index.ts";
import { counted } from "../../counted.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownName, shownText } from "../../shown-name.ts";
import { headOf, rowOf, sizeCell, timeCell } from "./cells.ts";
import { RowList } from "./row-list.ts";
import type { Spot, Stage, View } from "./view.ts";

export class VersionsView implements View {
  readonly hint = "enter show it as it was  r restore it  esc back  q quit";
  readonly #stage: Stage;
  readonly #spot: Spot;
  readonly #list = new RowList<Version>();
  readonly #over = new AbortController();
  readonly #found: Version[] = [];
  #isDone = false;

  constructor(stage: Stage, spot: Spot) {
    this.#stage = stage;
    this.#spot = spot;
    this.#list.rows = this.#found;
    stage.run(() => this.#find());
  }

  title(): string {
    return `versions of ${shownName(this.#spot.path)}`;
  }

  get info(): string {
    return `${counted(this.#found.length, "version")}${this.#isDone ? "" : " so far ..."}`;
  }

  body({ rows }: Size): readonly string[] {
    const { style } = this.#stage;
    const names = `${"first seen".padEnd(19)}  ${"changed".padEnd(19)}      size  in`;
    const head = headOf(names, rows, style);
    return [
      ...head,
      ...this.#list
        .shown(rows - head.length)
        .map(({ isChosen, row }) => rowOf(textOf(row), isChosen, style)),
    ];
  }

  press(key: Key): boolean {
    if (this.#list.press(key)) return true;
    const chosen = this.#list.chosen;
    if (chosen === undefined) return false;
    const { path } = this.#spot;
    const { node, newest: snapshot } = chosen;
    const { say, ways } = this.#stage;
    switch (key.kind === "text" ? key.text : key.kind) {
      case "enter":
      case "right":
      case "l":
        if (!isThere(node)) say("There is nothing to show.");
        else if (node.kind === "dir") ways.toFolder(snapshot, path);
        else ways.toContent({ snapshot, path, node });
        return true;
      case "r":
        if (isThere(node)) ways.toRestore(snapshot, [path]);
        else say("There is nothing to restore.");
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.#over.abort();
  }

  async #find(): Promise<void> {
    const { path, snapshot } = this.#spot;
    const { redraw, window } = this.#stage;
    for await (const version of window.versions(snapshot, path, this.#over.signal)) {
      this.#found.push(version);
      redraw();
    }
    this.#isDone = true;
    redraw();
  }
}

function isThere(node: Version["node"]): node is TreeNode {
  return typeof node === "object";
}

function textOf({ newest, node, oldest, snapshots }: Version): string {
  const first = timeCell(oldest.timeNs);
  const held = `${counted(snapshots, "snapshot")}, the last ${newest.id.slice(0, 8)}`;
  if (!isThere(node)) {
    const why = node === undefined ? "not there" : `unreadable: ${shownText(node)}`;
    return `${first}  ${why}; ${held}`;
  }
  return `${first}  ${timeCell(node.mtimeNs)}  ${sizeCell(node, undefined)}  ${held}`;
}
