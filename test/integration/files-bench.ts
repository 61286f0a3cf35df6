/** Folders and programs of the tests of files; after a test they are gone. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createFileOperations, type FileOperations, type Healing } from "../../src/public/files.ts";
import { afterwards } from "../afterwards.ts";

/** A program beside this file. */
export function started(name: string, ...words: readonly string[]): ChildProcess {
  const program = join(import.meta.dirname, name);
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  afterwards(() => child.kill("SIGKILL"));
  return child;
}

/** Operations whose every healing is heard, by a listener that throws. */
export function listening(options: { lockTimeoutMs?: number; settleMs?: number } = {}): {
  files: FileOperations;
  healed: Healing[];
} {
  const healed: Healing[] = [];
  const files = createFileOperations({
    durable: false,
    settleMs: 30,
    ...options,
    onHealed: (healing) => {
      healed.push(healing);
      throw new Error("a listener that throws");
    },
  });
  return { files, healed };
}

export function kinds(healed: readonly Healing[]): readonly string[] {
  return healed.map(({ kind }) => kind);
}

/** What lies there without being meant for people. */
export function hidden(place: string): readonly string[] {
  return readdirSync(place).filter((name) => name.startsWith("."));
}
