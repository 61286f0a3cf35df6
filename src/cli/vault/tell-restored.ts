import type { Restored } from "../../custodian/index.ts";
import { formatBytes } from "../../kernel/index.ts";
import { counted } from "../counted.ts";

export interface RestoreWords {
  readonly overwrite: "never" | "not-newer" | "always";
  /** Each byte was read back. */
  readonly isVerified?: boolean;
  readonly removes?: boolean;
}

/** What came of a restore, in a sentence or two. */
export function tellRestored(restored: Restored, words: RestoreWords): string {
  const { failed, files, kept, present, removed, sizeBytes, snapshot, target } = restored;
  const parts = [
    `${counted(files, "file")} written (${formatBytes(sizeBytes)})`,
    `${present} there already`,
    ...(words.removes === true ? [`${removed} removed`] : []),
    ...(kept > 0 ? [`${kept} left as they are (${whyKept(words)})`] : []),
    `${failed} failed`,
  ];
  const sentence = `Restored ${snapshot.slice(0, 8)} to ${target}: ${parts.join(", ")}.`;
  if (words.isVerified !== true || failed > 0) return sentence;
  return `${sentence} What was written or there already was read back: every byte is as in the snapshot.`;
}

function whyKept({ overwrite, removes = false }: RestoreWords): string {
  const reasons = [
    ...(overwrite === "never" ? ["nothing is to be overwritten"] : []),
    ...(overwrite === "not-newer" ? ["newer; --overwrite always replaces them"] : []),
    ...(removes ? ["not in the snapshot, and none of what --delete may remove"] : []),
  ];
  return reasons.join("; or ");
}
