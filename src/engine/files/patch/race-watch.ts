/**
 * Finds reads of files that are still being written, and writes that overlap. Changes nothing: the
 * very promise of a writer goes to its caller. Only a promise that reads a file which is just being
 * written is followed, by one that settles alike one turn of the microtasks later.
 */
import type { SilentError } from "../../events.ts";
import { codeOf } from "../file-error.ts";
import { type Findings, linesOf, placeHere } from "./findings.ts";
import { judgeRead, type Seen, type Wrong } from "./judge-read.ts";
import { pathKey } from "./path-key.ts";
import { underwayOf, type Write, type WritesUnderWay } from "./writes-under-way.ts";
import { bytesOfData, wishOf } from "./written-data.ts";

const words: Readonly<Record<Wrong, string>> = {
  empty: "it was empty",
  short: "only its beginning was there",
  old: "its old content was there",
  missing: "it was not there",
  unfinished: "it is not finished",
};

/** A read under way that has met writes under way. */
export interface MetWrites {
  /** Tells what was read, or why it could not be. */
  readonly saw: (seen: Seen) => void;
  readonly failed: (error: unknown) => void;
}

export class RaceWatch {
  readonly #underWay: WritesUnderWay;
  readonly #findings: Findings;

  constructor(underWay: WritesUnderWay, findings: Findings) {
    this.#underWay = underWay;
    this.#findings = findings;
  }

  /** A write begins; undefined for descriptors, and for what node will refuse. */
  begin(
    operation: string,
    [target, data, options]: readonly unknown[],
    kind: Write["kind"],
  ): { readonly write: Write; readonly end: () => void } | undefined {
    const path = pathKey(target);
    const wish = wishOf(options, kind === "append" ? "a" : "w");
    if (path === undefined || wish === undefined) return undefined;
    const write: Write = {
      kind: wish.flag.startsWith("a") ? "append" : kind,
      operation,
      data,
      encoding: wish.encoding,
      stack: placeHere(),
      isSameTurn: true,
      isOver: false,
    };
    if (!this.#underWay.isEmpty) this.#findOverlap(path, write);
    this.#underWay.add(path, write);
    return { write, end: () => this.#underWay.end(path, write) };
  }

  /** A write that is over when it returns: only its overlap with others counts. */
  beginSync(operation: string, given: readonly unknown[], kind: Write["kind"]): void {
    if (this.#underWay.isEmpty) return;
    this.begin(operation, given, kind)?.end();
  }

  /** Undefined, almost always: nobody is writing that file. */
  meet(operation: string, target: unknown): MetWrites | undefined {
    if (this.#underWay.isEmpty) return undefined;
    const path = pathKey(target);
    if (path === undefined) return undefined;
    const met = this.#underWay.at(path).map((write) => ({ write, underway: underwayOf(write) }));
    if (met.length === 0) return undefined;
    const reader = placeHere();
    const saw = (seen: Seen): void => {
      for (const { write, underway } of met) {
        const wrong = judgeRead(underway, seen);
        if (wrong !== undefined) this.#tellRead({ operation, path, write, wrong, seen, reader });
      }
    };
    const failed = (error: unknown): void => {
      if (codeOf(error) === "ENOENT") saw({ kind: "missing" });
    };
    return { saw, failed };
  }

  #tellRead({ operation, path, write, wrong, seen, reader }: ReadFinding): void {
    const [readBy, writtenBy] = [linesOf(reader), linesOf(write.stack)];
    const expected = bytesOfData(write.data, write.encoding)?.length;
    const finding: SilentError = {
      operation,
      type: "file_race",
      reason: `${path} was read while ${write.operation} was writing it: ${words[wrong]}`,
      evidence: {
        path,
        saw: wrong,
        ...sizeOf(seen),
        ...(expected === undefined ? {} : { writtenBytes: expected }),
        writer: writtenBy,
        reader: readBy,
        fix: `await ${write.operation} before you read the file`,
      },
    };
    this.#findings.tell(finding, [writtenBy[0] ?? "", readBy[0] ?? ""], path);
  }

  /** Two writes of one file under way at once: what is in it then is anybody's guess. */
  #findOverlap(path: string, write: Write): void {
    const data = bytesOfData(write.data, write.encoding);
    for (const other of this.#underWay.at(path)) {
      if (other.kind !== "write" || write.kind === "stream") continue;
      const before = bytesOfData(other.data, other.encoding);
      const isSame = data !== undefined && before?.equals(data) === true && write.kind === "write";
      if (isSame) continue;
      const [first, second] = [linesOf(other.stack), linesOf(write.stack)];
      const finding: SilentError = {
        operation: write.operation,
        type: "file_race",
        reason: `${path} was written by ${write.operation} while ${other.operation} was writing it`,
        evidence: {
          path,
          saw: "overlap",
          writer: first,
          second,
          fix: `await ${other.operation} before you write the file again`,
        },
      };
      this.#findings.tell(finding, ["overlap", first[0] ?? "", second[0] ?? ""], path);
    }
  }
}

interface ReadFinding {
  readonly operation: string;
  readonly path: string;
  readonly write: Write;
  readonly wrong: Wrong;
  readonly seen: Seen;
  readonly reader: { readonly stack?: string };
}

function sizeOf(seen: Seen): { readonly readBytes?: number } {
  if (seen.kind === "content") return { readBytes: seen.content.length };
  return seen.kind === "size" ? { readBytes: seen.sizeBytes } : {};
}
