/**
 * Node's own `fs`, watched or healed, for code that cannot be changed.
 *
 * P1. `report` changes no behaviour, value, error or order. `heal` differs only in what it is for.
 * P2. Undoing puts back the very functions that were there, for `require` and for `import`.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { checkOptions, SoulMirrorError } from "../../../kernel/index.ts";
import { harmless, type Tools } from "../../../resilience/index.ts";
import type { EngineEventHub, SilentError } from "../../events.ts";
import { realTools } from "../../real-tools.ts";
import { type Healing, type Told, tellHub } from "../healing.ts";
import { shapes } from "../options.ts";
import { EmptyWatch, type SizeOf } from "./empty-watch.ts";
import { Findings } from "./findings.ts";
import { type HealTools, healFs, healPromises } from "./heal-layer.ts";
import { RaceWatch } from "./race-watch.ts";
import { type Layer, reportFs, reportPromises } from "./report-layer.ts";
import { swap } from "./swap.ts";
import { WritesUnderWay } from "./writes-under-way.ts";

export interface PatchOptions {
  /**
   * `report` tells of reads of unfinished files, overlapping writes and files that were left empty;
   * `heal` also makes missing folders, and puts whole files in place at once. Default `report`.
   */
  readonly mode?: "report" | "heal";
  /** Hears `silent_error` (`file_race`, `empty_write`), `recovery_success` and `state`. */
  readonly events?: EngineEventHub;
  readonly onFinding?: (finding: SilentError) => void;
  readonly onHealed?: (healing: Healing, told: Told) => void;
  /** True for paths of which nothing is told. */
  readonly ignore?: (path: string) => boolean;
  readonly tools?: Tools;
}

let isPatched = false;

/**
 * Patches `fs` and `fs/promises` for this process, and returns the function that undoes it. Throws
 * SoulMirrorError CONFLICT when they are patched already. Load it first: who has taken a function
 * out of `fs` with `require` before keeps that one.
 */
export function patchFileSystem(options: PatchOptions = {}): () => void {
  const checked = checkOptions("patchFileSystem", options, shapes.patch);
  if (isPatched) {
    throw new SoulMirrorError("CONFLICT", "fs is patched already", {
      fix: "call the function that the first patchFileSystem returned",
    });
  }
  isPatched = true;
  const tools = checked.tools ?? realTools;
  const findings = new Findings(checked);
  const races = new RaceWatch(new WritesUnderWay(tools), findings);
  const statSync = fs.statSync as SizeOf;
  const watches = { races, empties: new EmptyWatch(tools, findings, statSync) };
  const undo: (() => void)[] = [];
  const lay = (owner: object, layer: Layer): void => {
    for (const [name, make] of Object.entries(layer)) undo.push(swap(owner, name, make));
  };
  if (checked.mode === "heal") {
    const healing = { tell: teller(checked), real: { ...fs }, promises: { ...fs.promises } };
    lay(fs, healFs(healing));
    lay(fs.promises, healPromises(healing));
  }
  lay(fs, reportFs(watches));
  lay(fs.promises, reportPromises(watches));
  syncBuiltinESMExports();
  return () => {
    if (undo.length === 0) return;
    for (const each of undo.splice(0).toReversed()) each();
    syncBuiltinESMExports();
    isPatched = false;
  };
}

function teller({ events, onHealed }: PatchOptions): HealTools["tell"] {
  return (healing, operation) => {
    if (events !== undefined) tellHub(events, healing, { operation });
    harmless(() => onHealed?.(healing, { operation }));
  };
}
