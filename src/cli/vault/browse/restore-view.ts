/**
 * A restore, from the questions before it to what came of it. It is the one of `vault restore`:
 * what is newer stays unless somebody says otherwise.
 */
import { resolve } from "node:path";
import { realMonotonicMs } from "../../../system/index.ts";
import type { HeldSnapshot, RawPath, WorkProgress } from "../../../vault/index.ts";
import { counted } from "../../counted.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import { shownName, shownText } from "../../shown-name.ts";
import { progressText } from "../progress-bar.ts";
import { tellDatabases } from "../tell-databases.ts";
import { tellRestored } from "../tell-restored.ts";
import { wrapped } from "./cells.ts";
import type { RestoreWish } from "./vault-window.ts";
import type { Stage, View } from "./view.ts";

/** Of what was said on the way. */
const notesMax = 1000;
const drawnEveryMs = 100;

export class RestoreView implements View {
  readonly #stage: Stage;
  readonly #wish: RestoreWish;
  readonly #over = new AbortController();
  readonly #begunMs = realMonotonicMs();
  readonly #notes: string[] = [];
  #drawnMs = Number.NEGATIVE_INFINITY;
  #progress = "beginning ...";
  #result: string | undefined;

  constructor(stage: Stage, wish: RestoreWish) {
    this.#stage = stage;
    this.#wish = wish;
    stage.run(() => this.#restore());
  }

  title(): string {
    const { snapshot, target } = this.#wish;
    return `restoring from ${snapshot.id.slice(0, 8)} to ${shownText(target)}`;
  }

  get hint(): string {
    return this.#result === undefined ? "esc end it  q quit" : "esc back  q quit";
  }

  get info(): string {
    return this.#result === undefined ? "" : "done";
  }

  body({ columns, rows }: Size): readonly string[] {
    const told = wrapped(this.#result ?? this.#progress, columns);
    const room = Math.max(0, rows - told.length - 1);
    return [...told, "", ...(room === 0 ? [] : this.#notes.slice(-room))].slice(0, rows);
  }

  press(_key: Key): boolean {
    return false;
  }

  close(): void {
    this.#over.abort();
  }

  async #restore(): Promise<void> {
    const { marks, redraw, window } = this.#stage;
    try {
      const restored = await window.restore(this.#wish, {
        signal: this.#over.signal,
        onProgress: (seen) => this.#show(seen),
        onNotice: (text) => this.#note(shownText(text)),
        onFailure: (path, reason) =>
          this.#note(`not restored: ${shownName(path)}: ${shownText(reason)}`),
      });
      const told = [tellRestored(restored, this.#wish), ...tellDatabases(restored)];
      this.#result = shownText(told.join(" "));
      if (restored.stopped !== "") this.#note(`it ended early: ${shownText(restored.stopped)}`);
      if (restored.failed === 0) marks.clear(this.#wish.snapshot);
    } catch (error) {
      this.#result = "It ended early; started again, it goes on where it was.";
      throw error;
    } finally {
      redraw();
    }
  }

  #show(seen: WorkProgress): void {
    const nowMs = realMonotonicMs();
    if (nowMs - this.#drawnMs < drawnEveryMs) return;
    this.#drawnMs = nowMs;
    const label = this.#wish.snapshot.id.slice(0, 8);
    this.#progress = shownText(progressText(label, seen, nowMs - this.#begunMs));
    this.#stage.redraw();
  }

  #note(text: string): void {
    this.#notes.push(text);
    this.#notes.splice(0, this.#notes.length - notesMax);
    this.#stage.redraw();
  }
}

const answers = { k: "not-newer", o: "always", n: "never" } as const;

/** Asks where to, and what becomes of what lies there. */
export function askForRestore(
  stage: Stage,
  snapshot: HeldSnapshot,
  {
    paths,
    onWish,
  }: { readonly paths: readonly RawPath[]; readonly onWish: (wish: RestoreWish) => void },
): void {
  const [first] = paths;
  const what =
    first === undefined
      ? `all of ${snapshot.id.slice(0, 8)}`
      : paths.length === 1
        ? shownName(first)
        : counted(paths.length, "path");
  const askHow = (written: string): void => {
    const target = resolve(written);
    const place =
      target === "/" ? "INTO PLACE, over what is there now" : `below ${shownText(target)}`;
    stage.ask({
      text: `${place}: k keeps what is newer there, o overwrites it, n overwrites nothing; empty: not at all`,
      draft: target === "/" ? "" : "k",
      onAnswer: (answer) => {
        const overwrite = isAnswer(answer) ? answers[answer] : undefined;
        if (overwrite === undefined) stage.say("Nothing was restored.");
        else onWish({ snapshot, paths, target, overwrite });
      },
    });
  };
  stage.ask({
    text: `Restore ${what} below which folder? Paths are made whole there; / is into place`,
    draft: resolve(`restored-${snapshot.id.slice(0, 8)}`),
    onAnswer: (written) => {
      if (written === "") stage.say("Nothing was restored.");
      else askHow(written);
    },
  });
}

function isAnswer(text: string): text is keyof typeof answers {
  return text in answers;
}
