/** Vitest as a program of its own that writes what it found into a file. */
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, runChild } from "./child.ts";
import type { Step } from "./steps.ts";

export interface Written {
  readonly exitCode: number;
  /** Undefined when it died before it could write. */
  readonly text: string | undefined;
}

/** `wordsFor` gets the path of the file and says how vitest is asked to write there. */
export async function askVitest(
  command: "run" | "list",
  projects: readonly Step[],
  wordsFor: (file: string) => readonly string[],
): Promise<Written> {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), "soulmirror-test-"));
  const file = path.join(folder.path, "written.json");
  const exitCode = await runChild([
    process.execPath,
    path.join(root, "node_modules", "vitest", "vitest.mjs"),
    command,
    ...projects.flatMap((project) => ["--project", project.name]),
    ...wordsFor(file),
  ]);
  return { exitCode, text: await readWritten(file) };
}

async function readWritten(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    console.error(`vitest wrote nothing: ${String(error)}`);
    return undefined;
  }
}
