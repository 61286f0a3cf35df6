/**
 * The report of a restore as a file, a line for each file that was restored. It has its name only
 * when it is whole and on the disk; one that was not kept is removed.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../../system/index.ts";
import type { RestoreReport } from "../../vault/index.ts";
import { readTrail } from "./trail-lines.ts";

const folderName = "restores";
const bufferedMax = 1 << 16;

export class RestoreReportFile implements Disposable {
  readonly name: string;
  readonly #folder: string;
  readonly #made: string;
  readonly #file: number;
  #text = "";
  #isKept = false;

  /** @param name without an ending; nothing has it yet */
  constructor(folder: string, name: string) {
    this.#folder = join(folder, folderName);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.name = `${name}.jsonl`;
    this.#made = join(this.#folder, `${name}.made`);
    this.#file = openSync(this.#made, "wx", 0o600);
  }

  /** @param line with its newline */
  write(line: string): void {
    this.#text += line;
    if (this.#text.length >= bufferedMax) this.#flush();
  }

  /** Durable when it resolves. */
  async keep(): Promise<void> {
    this.#flush();
    fsyncSync(this.#file);
    await rename(this.#made, join(this.#folder, this.name));
    this.#isKept = true;
    await syncFolder(this.#folder);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    if (!this.#isKept) rmSync(this.#made, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }
}

/** Those of a folder that was copied anywhere. */
export function readRestoreReports(folder: string): readonly RestoreReport[] {
  const reports = join(folder, folderName);
  const names = namesIn(reports).filter((name) => name.endsWith(".jsonl"));
  return names.toSorted().map((name) => ({ name, open: () => linesOf(join(reports, name)) }));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // None was written.
    return [];
  }
}

/** What is behind the last newline makes the report end wrongly. */
async function* linesOf(path: string): AsyncGenerator<string> {
  for await (const piece of readTrail(path)) yield piece.kind === "line" ? piece.line : "";
}
