/**
 * The master manifest: every file of a snapshot with the hash of its content, a line of canonical
 * JSON each, in one order. Its hash stands in the audit trail and in drill reports, so that one
 * short text proves a million files. Written and read line by line: memory does not grow.
 *
 * M1. One snapshot has one manifest: lines stand in the order in which a tree is walked, names by
 *     their bytes, and no path twice.
 * M2. The hash is the SHA-256 of all lines with their newlines.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  assert,
  canonicalJson,
  failed,
  type JsonRecord,
  type Result,
  success,
} from "../../kernel/index.ts";
import { type RawPath, rawPathOfBytes, rawPathOfText, textOfRawPath } from "../raw-path.ts";
import { isCount, recordIn } from "./audit-entry.ts";

export interface ManifestEntry {
  readonly path: RawPath;
  /** SHA-256 of the content, in hex. */
  readonly hash: string;
  readonly sizeBytes: number;
  /** As in `lstat`. */
  readonly mode: number;
  /** Empty: none. */
  readonly category: string;
}

export interface ManifestTotals {
  /** In hex. */
  readonly hash: string;
  readonly files: number;
  readonly sizeBytes: number;
}

export interface Manifest {
  /** The line of the entry, with its newline. */
  add(entry: ManifestEntry): string;
  finish(): ManifestTotals;
}

export function createManifest(): Manifest {
  const hash = createHash("sha256");
  let [files, sizeBytes, last] = [0, 0, ""];
  return {
    add(entry) {
      const place = placeOf(entry.path);
      assert(files === 0 || place > last, "a manifest is written in the order of its tree");
      last = place;
      files += 1;
      sizeBytes += entry.sizeBytes;
      const line = `${canonicalJson(writtenOf(entry))}\n`;
      hash.update(line);
      return line;
    },
    finish: () => ({ hash: hash.copy().digest("hex"), files, sizeBytes }),
  };
}

/** Is it the manifest with this hash? The failure names the first line that is out of place. */
export async function verifyManifest(
  lines: Iterable<string> | AsyncIterable<string>,
  expectedHash: string,
): Promise<Result<ManifestTotals>> {
  const manifest = createManifest();
  let [number, last] = [0, ""];
  for await (const line of lines) {
    number += 1;
    const entry = readManifestLine(line);
    if (entry === undefined) return failed(`line ${number} of the manifest cannot be read`);
    const place = placeOf(entry.path);
    if (number > 1 && place <= last) return failed(`line ${number} of the manifest is misplaced`);
    last = place;
    manifest.add(entry);
  }
  const totals = manifest.finish();
  if (totals.hash === expectedHash) return success(totals);
  return failed(`the manifest is another one: its hash is ${totals.hash}, not ${expectedHash}`);
}

/** @param line without its newline */
function readManifestLine(line: string): ManifestEntry | undefined {
  const { path, rawPath, hash, size, mode, category, ...strange } = recordIn(line) ?? {};
  const name =
    typeof path === "string"
      ? rawPathOfText(path)
      : typeof rawPath === "string"
        ? rawPathOfBytes(Buffer.from(rawPath, "base64"))
        : undefined;
  if (name === undefined || Object.keys(strange).length > 0) return undefined;
  if (typeof hash !== "string" || typeof category !== "string") return undefined;
  if (!isCount(size) || !isCount(mode)) return undefined;
  const entry = { path: name, hash, sizeBytes: size, mode, category };
  // One entry has one line: a path that is text is never written as bytes.
  return canonicalJson(writtenOf(entry)) === line ? entry : undefined;
}

function writtenOf({ path, hash, sizeBytes, mode, category }: ManifestEntry): JsonRecord {
  const text = textOfRawPath(path);
  const isText = rawPathOfText(text) === path;
  const name = isText
    ? { path: text }
    : { rawPath: Buffer.from(path, "latin1").toString("base64") };
  return { ...name, hash, size: sizeBytes, mode, category };
}

/** Compares as a walk goes: what is below a folder stands behind it, before its next neighbour. */
function placeOf(path: RawPath): string {
  return path.replaceAll("/", "\0");
}
