/** Real trees to clean, and what is left of them; each is gone after its test. */
import { execFileSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { realClock } from "../../src/system/index.ts";
import { createCleanEffector } from "../../src/targets/files/effectors.ts";
import { calm, commandOf } from "../conformance/effector.ts";

const hourMs = 3_600_000;

/** Writes a file of 1 KiB that was last changed so many hours ago. */
export function write(path: string, hours = 2): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "x".repeat(1024));
  const at = realClock.now().wallMs / 1000 - hours * 3600;
  utimesSync(path, at, at);
}

/** By name, or as `format` says; node's own recursive listing follows links to folders. */
export function filesIn(path: string, format = "%P"): readonly string[] {
  const found = execFileSync("find", [path, "-mindepth", "1", "-printf", `${format}\\n`], {
    encoding: "utf8",
  });
  return found.split("\n").filter(Boolean).sort();
}

interface Wish extends JsonRecord {
  readonly root: string;
}

export function run(
  phase: "precheck" | "act",
  wish: Wish | readonly Wish[],
  options: { protectedPaths?: readonly string[]; filesMax?: number } = {},
) {
  const effector = createCleanEffector({ clock: realClock, protectedPaths: [], ...options });
  const places = [wish].flat().map((each) => ({ pattern: "**", olderThanMs: hourMs, ...each }));
  const parameters = { places };
  return effector[phase](commandOf(effector, phase, { parameters }), calm());
}
