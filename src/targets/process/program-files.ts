/**
 * Which files a command line means just now: its program, found as the start finds it, and the
 * scripts that it is given. Another text means that somebody has changed or replaced one of them.
 */
import { createHash } from "node:crypto";
import { type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ServiceSpec } from "../../config/index.ts";
import type { ProgramFiles } from "../../model/index.ts";
import { findExecutable } from "../../system/index.ts";

export function programFiles(
  { command, cwd, env, hash: specHash }: ServiceSpec,
  inherited: Readonly<Record<string, string>>,
): ProgramFiles {
  const [program = "", ...words] = command;
  const path = env["PATH"] ?? inherited["PATH"] ?? "";
  const places = [
    findExecutable(program, { cwd, path }),
    ...words.map((word) => resolve(cwd, word)),
  ];
  const marks = places.map((place) => {
    const found = place === undefined ? undefined : lookAt(place);
    return found?.isFile() ? `${found.mtimeMs}:${found.size}:${found.dev}:${found.ino}` : "";
  });
  const files = createHash("sha256").update(marks.join("|")).digest("hex").slice(0, 16);
  return { specHash, files };
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Most words are no files: a script after `-e` is even too long for a name.
    return undefined;
  }
}
