/**
 * Reports of restores: each is a manifest of what was read back from the disk, and an entry of the
 * audit trail names its hash. The entry is signed, so the report needs no signature of its own.
 */
import { verifyRestoreProof } from "../restore/restore-proof.ts";
import type { ManifestTotals } from "./manifest.ts";

/** Without its newlines, from the start each time. */
export interface RestoreReport {
  readonly name: string;
  readonly open: () => AsyncIterable<string> | Iterable<string>;
}

export interface ProvenRestore extends ManifestTotals {
  readonly name: string;
}

export interface CheckedRestores {
  readonly proven: readonly ProvenRestore[];
  readonly wrong: readonly {
    readonly kind: "edited" | "unnamed";
    readonly name: string;
    readonly what: string;
  }[];
}

/** @param named hashes of manifests that entries of the trail name */
export async function checkRestores(
  reports: readonly RestoreReport[],
  named: ReadonlySet<string>,
): Promise<CheckedRestores> {
  const proven: ProvenRestore[] = [];
  const wrong: CheckedRestores["wrong"][number][] = [];
  for (const { name, open } of reports) {
    const verified = await verifyRestoreProof(open);
    if (!verified.ok) {
      wrong.push({ kind: "edited", name, what: `the restore ${name}: ${verified.error}` });
    } else if (named.has(verified.value.hash)) proven.push({ ...verified.value, name });
    else wrong.push({ kind: "unnamed", name, what: `no entry names the restore ${name}` });
  }
  return { proven, wrong };
}
