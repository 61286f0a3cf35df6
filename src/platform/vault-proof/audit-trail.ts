/**
 * The audit trail of a vault as a file, `audit.jsonl`, with its head beside it.
 *
 * T1. When `append` resolves, the line is on the disk, and so is every line before it.
 * T2. What a kill or a full disk left of a line is taken away before the next one is written, and
 *     told by an entry of its own (`torn`) when it was found at the start.
 * T3. An `append` that rejects has written nothing; the next one may succeed.
 * T4. One process writes: the file is locked while it is open.
 * T5. A head that is further than the trail is told by an entry (`cut`): the trail goes on.
 * T6. What others left to be taken in (`leaveEntry`) is taken in when it is opened, and behind each
 *     entry. That it could not be is no failure of that entry: the next one tries again.
 */
import { constants, existsSync } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type JsonRecord, messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { acquireLock, type Lock, replaceFile, syncFolder } from "../../system/index.ts";
import {
  type AuditKind,
  createTrailVerifier,
  emptyTrail,
  readHead,
  type Signer,
  sealAuditLine,
  signHead,
  type TrailEnd,
} from "../../vault/index.ts";
import { readTrail } from "./trail-lines.ts";
import { takeNotes } from "./waiting-entries.ts";

export const trailName = "audit.jsonl";
export const headName = "audit.head";

/** Whether anything of a vault was ever recorded in its folder. */
export function hasTrail(folder: string): boolean {
  return existsSync(join(folder, trailName));
}

export interface AuditTrailOptions {
  /** Belongs to us alone. */
  readonly folder: string;
  readonly signer: Signer;
  /** Wall time in milliseconds. */
  readonly now: () => number;
  /** So many entries may wait for the disk; default 1000. */
  readonly waitingMax?: number;
}

/** Rejects with AUDIT_BROKEN when the trail that is there is not sound. */
export async function openAuditTrail(options: AuditTrailOptions): Promise<AuditTrail> {
  const { folder, signer } = options;
  const path = join(folder, trailName);
  const lock = acquireLock(join(folder, "audit.lock"));
  try {
    const found = await readEnd(path, signer.publicKey);
    const { tornBytes, wholeBytes } = found;
    const { O_RDWR, O_CREAT } = constants;
    const file = await open(path, O_RDWR | O_CREAT, 0o600);
    try {
      await syncFolder(dirname(path));
      const head = await headIn(folder, signer.publicKey);
      await file.truncate(wholeBytes);
      const trail = new AuditTrail({ ...options, ...found, file, lock });
      // Before anything else: what comes behind a cut takes sequences that had been taken.
      if (head !== undefined && head.sequence > found.end.sequence) {
        await trail.append("cut", { lostHash: head.hash, lostSequence: head.sequence });
      }
      if (tornBytes > 0) await trail.append("torn", { sizeBytes: tornBytes });
      await trail.takeIn();
      return trail;
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface OpenTrail extends AuditTrailOptions, FoundEnd {
  readonly file: FileHandle;
  readonly lock: Lock;
}

export class AuditTrail implements AsyncDisposable {
  readonly #open: OpenTrail;
  #end: TrailEnd;
  #wholeBytes: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  /** Hashes of notes that stand in the trail. */
  readonly #taken: Set<string>;

  constructor(opened: OpenTrail) {
    this.#open = opened;
    this.#taken = new Set(opened.notes);
    this.#end = opened.end;
    this.#wholeBytes = opened.wholeBytes;
  }

  /** What a drill report is to name. */
  get end(): TrailEnd {
    return this.#end;
  }

  /** One after the other, in the order of the calls. Keeps T1 and T3. */
  async append(kind: AuditKind, facts: JsonRecord): Promise<TrailEnd> {
    const { waitingMax = 1000 } = this.#open;
    if (this.#waiting >= waitingMax) throw unwritable("too many entries wait for the disk");
    this.#waiting += 1;
    const own = this.#last.then(() => this.#write(kind, facts));
    this.#last = own.catch(() => undefined);
    void this.takeIn();
    try {
      return await own;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Keeps T6. */
  async takeIn(): Promise<void> {
    const { folder, signer } = this.#open;
    const { publicKey } = signer;
    const taking = this.#last.then(() =>
      takeNotes(folder, {
        publicKey,
        isTaken: (hash) => this.#taken.has(hash),
        take: async (note, { facts, kind }) => {
          await this.#write(kind, facts);
          this.#taken.add(note);
        },
      }),
    );
    this.#last = taking.catch(() => undefined);
    await this.#last;
  }

  async #write(kind: AuditKind, facts: JsonRecord): Promise<TrailEnd> {
    const { file, signer, now, folder } = this.#open;
    const { line, end } = sealAuditLine(this.#end, { at: now(), kind, facts }, signer);
    const bytes = Buffer.from(`${line}\n`);
    try {
      await writeWhole(file, bytes, this.#wholeBytes);
      await file.datasync();
    } catch (error) {
      // Should this fail as well, the next start finds what is left, and takes it away (T2).
      await file.truncate(this.#wholeBytes).catch(() => undefined);
      throw unwritable(messageOf(error), error);
    }
    this.#wholeBytes += bytes.length;
    this.#end = end;
    try {
      replaceFile(join(folder, headName), signHead(end, signer), { mode: 0o644 });
    } catch {
      // An older head proves less of the end; the line itself is on the disk.
    }
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#open.file.close();
    this.#open.lock.release();
  }
}

interface FoundEnd {
  readonly end: TrailEnd;
  readonly tornBytes: number;
  readonly wholeBytes: number;
  /** Hashes of the notes that entries were made of. */
  readonly notes: readonly string[];
}

/** From the beginning: who goes on with a trail that is not whole would cover that up. */
async function readEnd(path: string, publicKey: string): Promise<FoundEnd> {
  const verifier = createTrailVerifier(publicKey, []);
  const notes: string[] = [];
  let [wholeBytes, tornBytes] = [0, 0];
  for await (const piece of readTrail(path)) {
    if (piece.kind === "torn") {
      tornBytes = piece.sizeBytes;
      continue;
    }
    const note = verifier.check(piece.line)?.facts["note"];
    if (typeof note === "string") notes.push(note);
    wholeBytes += Buffer.byteLength(piece.line) + 1;
  }
  const { finding, end } = verifier.finish(tornBytes);
  if (finding === undefined) {
    return { end: end.sequence === 0 ? emptyTrail : end, tornBytes, wholeBytes, notes };
  }
  throw new SoulMirrorError("AUDIT_BROKEN", `${path}: ${finding.what}`, {
    fix: "keep the file as evidence under another name; a new trail begins then",
  });
}

async function headIn(folder: string, publicKey: string): Promise<TrailEnd | undefined> {
  const text = await readFile(join(folder, headName), "utf8").catch(() => undefined);
  return text === undefined ? undefined : readHead(text, publicKey);
}

async function writeWhole(file: FileHandle, bytes: Buffer, place: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, place + done);
    if (bytesWritten === 0) throw new Error("the disk takes nothing");
    done += bytesWritten;
  }
}

function unwritable(why: string, cause?: unknown): SoulMirrorError {
  const message = `the audit trail cannot be written: ${why}`;
  const fix = "make room on the disk of the data directory";
  return new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", message, { fix, cause });
}
