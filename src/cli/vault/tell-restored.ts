import type { Restored } from "../../custodian/index.ts";
import { formatBytes } from "../../kernel/index.ts";

/** What came of a restore, in a sentence. */
export function tellRestored(restored: Restored): string {
  const { failed, files, kept, present, sizeBytes, snapshot, target } = restored;
  const written = `${files} files (${formatBytes(sizeBytes)})`;
  const others = `${present} were there, ${kept} left as they are, ${failed} failed`;
  return `Restored ${snapshot.slice(0, 8)} to ${target}: ${written}, ${others}.`;
}
