/**
 * A dump by a program that writes it to its standard output. That is the file itself, so a dump of
 * any size passes through no memory of ours.
 */
import { open } from "node:fs/promises";
import { type Program, runProgram } from "../run-program.ts";

/** Rejects with what the program said; then `path` holds nothing of use. */
export async function dumpProgram(
  program: Program,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await runProgram(program, { descriptor: file.fd, signal });
    if ((await file.stat()).size === 0) throw new Error(`${program.command} wrote nothing`);
    await file.sync();
  } finally {
    await file.close();
  }
}
