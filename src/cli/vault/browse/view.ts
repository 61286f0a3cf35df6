/** One picture of the browser, and what keys do in it. */
import type { HeldSnapshot, RawPath, TreeNode } from "../../../vault/index.ts";
import type { Key } from "../../keys.ts";
import type { Size } from "../../screen.ts";
import type { Style } from "../../style.ts";
import type { Marks } from "./marks.ts";
import type { VaultWindow } from "./vault-window.ts";

/** All texts of a view are safe to show. */
export interface View {
  title(columns: number): string;
  /** What its keys do. */
  readonly hint: string;
  /** Of what is chosen, or how far something has come. */
  readonly info: string;
  /** At most as many lines as there are rows. */
  body(size: Size): readonly string[];
  /** False: the key means nothing here. */
  press(key: Key): boolean;
  /** Nobody sees it any more: what it does ends. */
  close(): void;
}

/** A question below the picture, and what becomes of the answer. */
export interface Question {
  readonly text: string;
  /** What stands there already. */
  readonly draft: string;
  readonly onAnswer: (answer: string) => void;
}

/** A name of a snapshot. */
export interface Spot {
  readonly snapshot: HeldSnapshot;
  readonly path: RawPath;
  readonly node: TreeNode;
}

/** Where one view leads to another, so that none needs to know the others. */
export interface Ways {
  /** A folder of the snapshot, with a name in it chosen. */
  toFolder(snapshot: HeldSnapshot, folder: RawPath, chosen?: RawPath): void;
  toContent(spot: Spot): void;
  /** What a search of names finds in a folder and below it. */
  toFound(snapshot: HeldSnapshot, folder: RawPath, text: string): void;
  toDifferences(snapshot: HeldSnapshot, folder: RawPath): void;
  toVersions(spot: Spot): void;
  /** No paths: all of the snapshot. */
  toRestore(snapshot: HeldSnapshot, paths: readonly RawPath[]): void;
}

/** What a view may ask of the browser that shows it. */
export interface Stage {
  readonly window: VaultWindow;
  readonly style: Style;
  readonly marks: Marks;
  readonly ways: Ways;
  readonly redraw: () => void;
  readonly ask: (question: Question) => void;
  /** In the line above the keys, until the next key. */
  readonly say: (text: string) => void;
  /** Work of a view: what the vault fails with is said. */
  readonly run: (work: () => Promise<void>) => void;
}
