/**
 * Names a process to an undo that was armed before the process existed: written just before the
 * blow lands on it. Read by `undo-recipe.ts`.
 */
import { join } from "node:path";
import type { ProcessIdentity } from "../model/index.ts";
import { replaceFile } from "../system/index.ts";
import type { Scene } from "./fault.ts";
import type { UndoStep } from "./undo-recipe.ts";

export interface ProcessRecord {
  readonly undo: readonly UndoStep[];
  write(target: ProcessIdentity): void;
}

export function recordProcess(
  scene: Scene,
  fault: string,
  signal: "SIGCONT" | "SIGKILL",
): ProcessRecord {
  const path = join(scene.dataDirectory, `drill-${fault.toLowerCase()}.json`);
  return {
    undo: [
      { kind: "signal-recorded", path, signal },
      { kind: "remove", path },
    ],
    write: (target) => replaceFile(path, JSON.stringify(target)),
  };
}
