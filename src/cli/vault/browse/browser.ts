/**
 * Pictures of a vault, one upon the other: what is opened lies on top, and escape goes back.
 *
 * B1. What the vault fails with is said, and the person goes on; what is an error of ours ends it.
 * B2. What nobody sees any more is ended: `close` of each view that goes.
 * B3. No text of the vault reaches the terminal but through `shownName` and `shownText`: views see
 *     to it.
 */
import { messageOf, SoulMirrorError } from "../../../kernel/index.ts";
import { Damage, LocationFault, type RawPath } from "../../../vault/index.ts";
import { cutTo } from "../../columns.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownText } from "../../shown-name.ts";
import type { Style } from "../../style.ts";
import { firstLine, pathCell, wrapped } from "./cells.ts";
import { ContentView } from "./content-view.ts";
import { DifferencesView } from "./differences-view.ts";
import { FolderView } from "./folder-view.ts";
import { FoundView } from "./found-view.ts";
import { Marks } from "./marks.ts";
import { askForRestore, RestoreView } from "./restore-view.ts";
import { SnapshotsView } from "./snapshots-view.ts";
import type { VaultWindow } from "./vault-window.ts";
import { VersionsView } from "./versions-view.ts";
import type { Question, Stage, View, Ways } from "./view.ts";

export interface BrowserOptions {
  readonly window: VaultWindow;
  readonly style: Style;
  readonly redraw: () => void;
}

/** Characters of an answer, and lines of what is said. */
const [answerMax, saidMax] = [4096, 5];

export class Browser implements Disposable {
  readonly #options: BrowserOptions;
  readonly #views: View[] = [];
  readonly #over = new AbortController();
  readonly #working = new Set<Promise<void>>();
  #question: (Question & { answer: string }) | undefined;
  #said = "";
  #error: Error | undefined;

  constructor(options: BrowserOptions) {
    this.#options = options;
    this.#open(new SnapshotsView(this.#stage));
  }

  /** The person has gone, or it cannot go on. */
  get ended(): AbortSignal {
    return this.#over.signal;
  }

  /** When all work of its views has ended; throws the error that it ended by. */
  async finish(): Promise<void> {
    this[Symbol.dispose]();
    await Promise.allSettled(this.#working);
    if (this.#error !== undefined) throw this.#error;
  }

  say(text: string): void {
    this.#said = firstLine(text);
    this.#options.redraw();
  }

  /** As many lines as there are rows. */
  picture(size: Size): readonly string[] {
    const { style } = this.#options;
    const view = this.#views.at(-1);
    const { columns, rows } = size;
    // In a terminal of a few rows, what is looked at comes first.
    const foot = this.#foot(view, columns).slice(0, Math.max(0, rows - 2));
    const room = Math.max(1, rows - 1 - foot.length);
    const body = (view?.body({ columns, rows: room }) ?? []).slice(0, room);
    const blank = Array.from({ length: room - body.length }, () => "");
    const head = style.paint("bold", view?.title(columns) ?? "");
    return [head, ...body, ...blank, ...foot].slice(0, rows).map((line) => cutTo(line, columns));
  }

  press(key: Key): void {
    this.#said = "";
    if (key.kind === "interrupt") this.#over.abort();
    else if (this.#question !== undefined) this.#answer(this.#question, key);
    else if (this.#views.at(-1)?.press(key) !== true) this.#pressHere(key);
    this.#options.redraw();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    for (const view of this.#views.splice(0)) view.close();
  }

  /** What is asked, or said, or told of what is chosen; and the keys. */
  #foot(view: View | undefined, columns: number): readonly string[] {
    const { style } = this.#options;
    const question = this.#question;
    if (question !== undefined) {
      const answer = pathCell(`${shownText(question.answer)}_`, Math.max(1, columns - 2));
      return [...wrapped(question.text, columns), `> ${answer}`];
    }
    const below =
      this.#said === ""
        ? [style.paint("grey", view?.info ?? "")]
        : wrapped(this.#said, columns).slice(0, saidMax);
    return [...below, style.paint("grey", view?.hint ?? "")];
  }

  #pressHere(key: Key): void {
    if (key.kind === "text" && key.text === "q") this.#over.abort();
    else if (["escape", "left", "backspace"].includes(key.kind) && this.#views.length > 1) {
      this.#views.pop()?.close();
    }
  }

  #answer(question: Question & { answer: string }, key: Key): void {
    switch (key.kind) {
      case "text":
        if (question.answer.length < answerMax) question.answer += key.text;
        break;
      case "backspace":
        question.answer = Array.from(question.answer).slice(0, -1).join("");
        break;
      case "clear":
        question.answer = "";
        break;
      case "escape":
        this.#question = undefined;
        break;
      case "enter":
        this.#question = undefined;
        question.onAnswer(question.answer.trim());
        break;
      default:
        break;
    }
  }

  #open(view: View): void {
    this.#views.push(view);
    this.#options.redraw();
  }

  get #stage(): Stage {
    const { redraw, style, window } = this.#options;
    return {
      window,
      style,
      marks: this.#marks,
      ways: this.#ways,
      redraw: () => redraw(),
      ask: (question) => {
        this.#question = { ...question, answer: question.draft };
      },
      say: (text) => this.say(text),
      run: (work) => this.#run(work),
    };
  }

  readonly #marks = new Marks();

  readonly #ways: Ways = {
    toFolder: (snapshot, folder, chosen) =>
      this.#open(new FolderView(this.#stage, { snapshot, folder, chosen })),
    toContent: (spot) => {
      const { node } = spot;
      if (node.kind === "file") this.#open(new ContentView(this.#stage, { ...spot, node }));
      else this.say("It is no file: there is nothing to show.");
    },
    toFound: (snapshot, folder, text) => {
      if (text !== "") this.#open(new FoundView(this.#stage, { snapshot, folder, text }));
    },
    toDifferences: (snapshot, folder) =>
      this.#open(new DifferencesView(this.#stage, { snapshot, folder })),
    toVersions: (spot) => this.#open(new VersionsView(this.#stage, spot)),
    toRestore: (snapshot, paths: readonly RawPath[]) =>
      askForRestore(this.#stage, snapshot, {
        paths,
        onWish: (wish) => this.#open(new RestoreView(this.#stage, wish)),
      }),
  };

  #run(work: () => Promise<void>): void {
    const working = work().catch((error: unknown) => {
      if (error instanceof Error && error.name === "AbortError") return;
      const isOfVault =
        error instanceof Damage ||
        error instanceof LocationFault ||
        error instanceof SoulMirrorError;
      if (isOfVault) return this.say(messageOf(error));
      this.#error ??= error instanceof Error ? error : new Error(messageOf(error));
      this.#over.abort();
    });
    this.#working.add(working);
    void working.finally(() => this.#working.delete(working));
  }
}
