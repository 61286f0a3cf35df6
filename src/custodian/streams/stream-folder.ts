/** Where a stream keeps its lines: a folder each, with `line.json`, `bases` and `log`. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../../system/index.ts";
import { type Line, lineFile, lineOfText } from "./stream-line.ts";

export interface KeptLine {
  /** Its beginning; later ones sort behind. */
  readonly id: string;
  readonly folder: string;
  readonly note: Line;
}

/** Oldest first. What has no note that can be read is none. */
export async function linesIn(folder: string): Promise<readonly KeptLine[]> {
  const lines: KeptLine[] = [];
  for (const id of (await readdir(folder)).toSorted()) {
    const at = join(folder, id);
    const text = await readFile(join(at, lineFile), "utf8").catch(() => "");
    const note = lineOfText(text);
    if (note !== undefined) lines.push({ id, folder: at, note });
  }
  return lines;
}

export async function makeLine(folder: string, id: string, note: Line): Promise<KeptLine> {
  const at = join(folder, id);
  await mkdir(logOf(at), { recursive: true, mode: 0o700 });
  await mkdir(basesOf(at), { mode: 0o700 });
  return await writeLine({ id, folder: at, note }, note);
}

export async function writeLine(line: KeptLine, note: Line): Promise<KeptLine> {
  await writeDurably(join(line.folder, lineFile), JSON.stringify(note));
  return { ...line, note };
}

export async function removeLine({ folder }: KeptLine): Promise<void> {
  // Without its note it is no line any more, should this end half-way.
  await rm(join(folder, lineFile), { force: true });
  await rm(folder, { recursive: true, force: true });
}

export const logOf = (lineFolder: string): string => join(lineFolder, "log");
export const basesOf = (lineFolder: string): string => join(lineFolder, "bases");

/** A name that sorts by time. */
export function idOfTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(/[-:.]/g, "");
}
