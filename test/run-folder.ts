/**
 * A folder for the time of one run: what several files of tests need is made there once. It is
 * named by the environment, for tests start programs of their own that need it as well.
 *
 * Compiled code is kept there too. Each process, and each thread, would otherwise take the types
 * out of hundreds of our modules again: that was more work than all that they were started for.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const name = "SOULMIRROR_RUN_FOLDER";

/** Before the first file of tests; several projects of one run have one folder. */
export function setup(): () => void {
  if (process.env[name] !== undefined) return () => undefined;
  const folder = mkdtempSync(join(tmpdir(), "soulmirror-run-"));
  process.env[name] = folder;
  process.env["NODE_COMPILE_CACHE"] ??= join(folder, "compile-cache");
  return () => rmSync(folder, { recursive: true, force: true });
}

export function runFolder(): string {
  const folder = process.env[name];
  if (folder === undefined) throw new Error("no run of tests has begun");
  return folder;
}
