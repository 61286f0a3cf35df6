/** The snapshots of the vault, the newest first. */
import { type RawPath, rawPathOfText } from "../../../vault/index.ts";
import { padTo } from "../../columns.ts";
import { counted } from "../../counted.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownText } from "../../shown-name.ts";
import { headOf, rowOf, sumCell, timeCell } from "./cells.ts";
import { Measurer } from "./measurer.ts";
import { RowList } from "./row-list.ts";
import type { SeenSnapshot } from "./vault-window.ts";
import type { Stage, View } from "./view.ts";

const root = "/" as RawPath;

export class SnapshotsView implements View {
  readonly hint = "enter open  d diff  r restore all  / find  q quit";
  readonly #stage: Stage;
  readonly #list = new RowList<SeenSnapshot>();
  readonly #measurer: Measurer;
  #isLoaded = false;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#measurer = new Measurer(stage);
    stage.run(async () => {
      this.#list.rows = await stage.window.snapshots();
      this.#isLoaded = true;
      stage.redraw();
    });
  }

  title(): string {
    const count = this.#isLoaded ? counted(this.#list.rows.length, "snapshot") : "opening ...";
    return `${this.#stage.window.spec.name}   ${count}   times are UTC`;
  }

  get info(): string {
    const chosen = this.#list.chosen;
    if (chosen === undefined) return "";
    const { held, locations } = chosen;
    const sum = this.#stage.window.knownSum(held, root, held.tree);
    const categories = [...(sum?.categories ?? [])].map(([name, files]) => `${name} ${files}`);
    const told = [
      sum === undefined ? "" : counted(sum.files, "file"),
      categories.join(", "),
      `at ${locations.join(", ")}`,
      held.tags.length === 0 ? "" : `tags ${held.tags.join(",")}`,
      held.paths.join(" "),
    ];
    return shownText(told.filter((each) => each !== "").join("; "));
  }

  body({ columns, rows }: Size): readonly string[] {
    const { style } = this.#stage;
    if (this.#isLoaded && this.#list.rows.length === 0) {
      return ["There is no snapshot yet: `soulmirror vault backup`."];
    }
    const names = `${padTo("id", 8)}  ${padTo("time", 19)}      size  at   mark     source`;
    const head = headOf(names, rows, style);
    const shown = this.#list.shown(rows - head.length);
    this.#measurer.want(
      shown.map(({ row: { held } }) => ({ snapshot: held, path: root, tree: held.tree })),
    );
    return [
      ...head,
      ...shown.map(({ isChosen, row }) => rowOf(this.#text(row, columns - 2), isChosen, style)),
    ];
  }

  press(key: Key): boolean {
    if (this.#list.press(key)) return true;
    const held = this.#list.chosen?.held;
    if (held === undefined) return false;
    const { ways } = this.#stage;
    switch (key.kind === "text" ? key.text : key.kind) {
      case "enter":
      case "right":
      case "l":
        ways.toFolder(held, folderToBegin(held.paths));
        return true;
      case "d":
        ways.toDifferences(held, root);
        return true;
      case "r":
        ways.toRestore(held, []);
        return true;
      case "/":
        this.#stage.ask({
          text: "Find which names? A part of it, or a pattern with * and ?",
          draft: "",
          onAnswer: (text) => ways.toFound(held, root, text),
        });
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.#measurer.close();
  }

  #text({ held, locations, marks }: SeenSnapshot, width: number): string {
    const { style, window } = this.#stage;
    const { length } = window.spec.locations;
    const told = [
      held.id.slice(0, 8),
      timeCell(held.timeNs),
      sumCell(window.knownSum(held, root, held.tree)),
      `${locations.length}/${length}`,
      markOf(marks, style),
      shownText(`${held.hostname}:${held.paths.join(" ")}`),
    ].join("  ");
    return padTo(told, width);
  }
}

function markOf(marks: SeenSnapshot["marks"], style: Stage["style"]): string {
  if (marks.isSuspect === true) return style.paint("yellow", "suspect");
  return marks.isVerified === true ? style.paint("green", "proven ") : "-      ";
}

/** The source itself where there is one, so that nobody walks down to it. */
function folderToBegin(paths: readonly string[]): RawPath {
  const [first] = paths;
  return paths.length === 1 && first !== undefined ? rawPathOfText(first) : root;
}
