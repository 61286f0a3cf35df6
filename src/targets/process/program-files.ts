/**
 * Which files a command line means just now. Another text means that somebody has changed or
 * replaced one of them. What the service itself may write must not count: it would look mended
 * each time.
 *
 * 1. The program counts, found as the start finds it.
 * 2. So does the script that an interpreter is given, there or not, and what it loads before.
 * 3. Of the other words only those that name an executable file: they are programs, not data.
 */
import { createHash } from "node:crypto";
import { type Stats, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { ServiceSpec } from "../../config/index.ts";
import type { ProgramFiles } from "../../model/index.ts";
import { findExecutable } from "../../system/index.ts";

/** It may stand behind another program: `nice node server.js`. */
const interpreter =
  /^(?:node|nodejs|bun|deno|tsx|ts-node|python|pypy|ruby|perl|php|lua|java|Rscript|(?:|a|ba|da|fi|k|z)sh)[\d.]*$/;
const subcommand = /^(?:run|watch)$/;
/** Options whose value is a file; the script is still to come. */
const loads = /^(?:-r|--require|--import|--loader|--experimental-loader|--env-file)$/;
/** Options that give the program itself, unless a script follows: `sh -e run.sh`. */
const inline = /^(?:-[a-z]*[cemp]|--eval|--print)$/;

export function programFiles(
  { command, cwd, env, hash: specHash }: ServiceSpec,
  inherited: Readonly<Record<string, string>>,
): ProgramFiles {
  const [program = "", ...words] = command;
  const path = env["PATH"] ?? inherited["PATH"] ?? "";
  const found = words.map((word) => lookAt(resolve(cwd, word)));
  const scripts = scriptsOf(command, (index) => found[index - 1] !== undefined);
  const place = findExecutable(program, { cwd, path });
  const counted = found.map((file, index) => {
    const isProgram = scripts.has(index + 1) || ((file?.mode ?? 0) & 0o111) !== 0;
    return isProgram ? file : undefined;
  });
  const marks = [place === undefined ? undefined : lookAt(place), ...counted].map(
    (file) => file && `${file.mtimeMs}:${file.size}:${file.dev}:${file.ino}`,
  );
  const files = createHash("sha256").update(marks.join("|")).digest("hex").slice(0, 16);
  return { specHash, files };
}

/** Keeps rule 2: their places in the command. */
function scriptsOf(
  command: readonly string[],
  isFile: (index: number) => boolean,
): ReadonlySet<number> {
  const scripts = new Set<number>();
  const from = command.findIndex((word) => interpreter.test(basename(word)));
  if (from === -1) return scripts;
  for (let index = from + 1; index < command.length; index += 1) {
    const [before = "", word = ""] = command.slice(index - 1, index + 1);
    if (word.startsWith("-") || subcommand.test(word)) continue;
    const mayBeValue = before.startsWith("-") && !before.includes("=");
    if (!mayBeValue) return scripts.add(index);
    if (isFile(index)) {
      scripts.add(index);
      if (!loads.test(before)) return scripts;
    } else if (inline.test(before)) return scripts;
  }
  return scripts;
}

function lookAt(path: string): Stats | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? found : undefined;
  } catch {
    // Most words are no files: a script after `-e` is even too long for a name.
    return undefined;
  }
}
