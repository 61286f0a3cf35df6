/**
 * What was received goes onto the shelf, a folder that every snapshot holds.
 *
 * S1. A file on the shelf only grows: receivers that begin anew write their newest file from its
 *     beginning, and what is here already is not taken back.
 * S2. What is still written to is copied, and has its name when the copy is complete; what is
 *     finished is linked, and costs no room twice.
 * S3. A file of the same name that begins in another way is of another log: that is a gap.
 */
import { copyFile, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { gapIn, type LogKind, type LogName, readLogName } from "./log-names.ts";

export interface Shelf {
  readonly kind: LogKind;
  readonly segmentBytes: number;
  /** Where the receiver writes; on the same file system. */
  readonly received: string;
  readonly folder: string;
}

/** In the receiver's folder, so that it knows where to go on. */
const receivedKept = 2;
const partial = ".partial";

/** @returns why what is there is no line any more; undefined: it is one. */
export async function shelve(shelf: Shelf): Promise<string | undefined> {
  const received = await logIn(shelf, shelf.received);
  const newest = received.at(-1);
  for (const each of received) {
    const isFinished =
      shelf.kind === "postgres"
        ? !each.name.endsWith(partial)
        : each.number < (newest?.number ?? 0);
    const gap = await shelveOne(shelf, each.name, isFinished);
    if (gap !== undefined) return gap;
    if (isFinished && shelf.kind === "postgres") {
      await rm(join(shelf.folder, `${each.name}${partial}`), { force: true });
    }
    const isOld = each.number <= (newest?.number ?? 0) - receivedKept;
    if (isFinished && isOld) await rm(join(shelf.received, each.name), { force: true });
  }
  return gapIn(await logIn(shelf, shelf.folder));
}

/** In the order of the log. */
export async function logIn(
  { kind, segmentBytes }: Pick<Shelf, "kind" | "segmentBytes">,
  folder: string,
): Promise<readonly LogName[]> {
  const names = (await readdir(folder)).flatMap(
    (each) => readLogName(kind, each, segmentBytes) ?? [],
  );
  return names.toSorted((a, b) => a.number - b.number);
}

async function shelveOne(
  { folder, received }: Shelf,
  name: string,
  isFinished: boolean,
): Promise<string | undefined> {
  const [from, to] = [join(received, name), join(folder, name)];
  const [now, before] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  if (before !== undefined) {
    const isSame = before.ino === now.ino;
    const isOlder =
      now.size < before.size || (now.size === before.size && now.mtimeMs <= before.mtimeMs);
    if (isSame || (isOlder && !isFinished) || now.size < before.size) return undefined;
    if (now.size > 0 && !(await beginsAs(from, to)))
      return `${name} begins in another way than before`;
  }
  if (now.size === 0) return undefined;
  const fresh = `${received}.fresh`;
  await rm(fresh, { force: true });
  await (isFinished ? link(from, fresh) : copyFile(from, fresh));
  await rename(fresh, to);
  return undefined;
}

/** The header of a file of the log: which server, which file. */
const headerBytes = 40;

async function beginsAs(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([headerOf(one), headerOf(other)]);
  return first.equals(second);
}

async function headerOf(path: string): Promise<Buffer> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
  return buffer.subarray(0, bytesRead);
}
