/**
 * What a restore proves: a line for each file with the hash of what was read back from the disk, as
 * a master manifest (`verifyManifest` checks it offline against the hash at its end), and a line
 * that says where it came from.
 *
 * Lines are canonical JSON. The first one names the snapshot, the last one has the totals and the
 * manifest's hash, which an audit entry or a signed report can carry.
 */
import { canonicalJson, failed, type Result } from "../../kernel/index.ts";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import { recordIn } from "../proof/audit-entry.ts";
import { createManifest, type ManifestTotals, verifyManifest } from "../proof/manifest.ts";
import type { RawPath } from "../raw-path.ts";
import type { RestoredFile } from "./restored-file.ts";

export interface RestoreProof {
  /** Before all others. */
  head(): string;
  /** For each restored file, in the order of `RestoreOptions.onFile`. */
  add(file: RestoredFile): string;
  /** The last line; a file that failed or was kept is in none. */
  end(): { readonly line: string; readonly totals: ManifestTotals };
}

const fileBits = 0o100000;

/** @param categoryOf of a path of the snapshot; empty for none */
export function createProof(
  { id, tree }: Pick<StoredSnapshot, "id" | "tree">,
  categoryOf: (path: RawPath) => string = () => "",
): RestoreProof {
  const manifest = createManifest();
  return {
    head: () => `${canonicalJson({ kind: "restore", snapshot: id, tree })}\n`,
    add({ hash, locations, node, path, sizeBytes }) {
      const mode = node.permissions + fileBits;
      const line = manifest.add({ path, hash, sizeBytes, mode, category: categoryOf(path) });
      const whence = { kind: "from", snapshot: id, locations: [...locations] };
      return `${line}${canonicalJson(whence)}\n`;
    },
    end() {
      const totals = manifest.finish();
      const { files, hash, sizeBytes } = totals;
      const line = canonicalJson({ kind: "end", snapshot: id, manifest: hash, files, sizeBytes });
      return { line: `${line}\n`, totals };
    },
  };
}

/** Whether the lines of a proof are those that were written. @param open reads it from its start */
export async function verifyRestoreProof(
  open: () => Iterable<string> | AsyncIterable<string>,
): Promise<Result<ManifestTotals>> {
  let last: string | undefined;
  for await (const line of open()) last = line;
  const end = recordIn(last ?? "");
  const hash = end?.["manifest"];
  if (end?.["kind"] !== "end" || typeof hash !== "string") {
    return failed("the proof has no end: it was cut, or the restore did not come to its end");
  }
  return await verifyManifest(manifestLines(open()), hash);
}

async function* manifestLines(
  lines: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<string> {
  for await (const line of lines) {
    // A line of the manifest has no kind.
    if (typeof recordIn(line)?.["kind"] !== "string") yield line;
  }
}
