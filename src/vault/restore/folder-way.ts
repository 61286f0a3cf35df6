/**
 * The folders on the way to the present name of a walk. They are made when something in them is
 * needed, and not before, so that a restore of a few files makes no empty folders around them.
 *
 * A folder that cannot be made, or must stay what it is, closes all that is below it.
 */
import type { FolderNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";
import { isInside } from "../select/is-inside.ts";
import type { FolderOutcome, Outcome, RestoreTarget } from "./restore-target.ts";

interface Step {
  readonly path: RawPath;
  readonly node: FolderNode;
  readonly isMeant: boolean;
  made: FolderOutcome | undefined;
}

export class FolderWay {
  readonly #target: RestoreTarget;
  readonly #onTrouble: (path: RawPath, outcome: Outcome) => void;
  readonly #steps: Step[] = [];

  constructor(target: RestoreTarget, onTrouble: (path: RawPath, outcome: Outcome) => void) {
    this.#target = target;
    this.#onTrouble = onTrouble;
  }

  enter(path: RawPath, node: FolderNode, isMeant: boolean): void {
    this.leaveUntil(path);
    this.#steps.push({ path, node, isMeant, made: undefined });
  }

  /** Only folders above `path` stay. */
  leaveUntil(path: RawPath): void {
    for (let last = this.#steps.at(-1); last !== undefined; last = this.#steps.at(-1)) {
      if (last.path !== path && isInside(path, last.path)) return;
      this.#steps.pop();
    }
  }

  /** The names in the last folder, which is there now; undefined when it cannot be. */
  make(): ReadonlySet<RawPath> | undefined {
    let { names } = this.#target;
    for (const step of this.#steps) {
      if (step.made === undefined) {
        step.made = this.#target.folder(step.path.slice(1) as RawPath, step.node, step.isMeant);
        if (step.made.kind !== "ready") this.#onTrouble(step.path, step.made);
      }
      if (step.made.kind !== "ready") return undefined;
      names = step.made.names;
    }
    return names;
  }

  /** Whether nothing can be restored in a folder. */
  isClosed(folder: RawPath): boolean {
    return this.#steps.some(
      ({ made, path }) => made !== undefined && made.kind !== "ready" && isInside(folder, path),
    );
  }
}
