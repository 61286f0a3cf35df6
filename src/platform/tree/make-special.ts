/** Pipes and devices, for which Node has no call: made by mknod of the system. */
import { closeSync } from "node:fs";
import type { RawPath } from "../../vault/index.ts";
import { RestoreFault } from "./restore-outcome.ts";
import { runProgram } from "./run-program.ts";

export type Special =
  | { readonly kind: "dev" | "chardev"; readonly device: bigint }
  | { readonly kind: "fifo" };

export interface SpecialPlace {
  /** A descriptor, which is closed. */
  readonly folder: number;
  /** In ASCII. */
  readonly name: RawPath;
}

/**
 * Its owner's alone at first. Throws `EPERM` without the right to do it, which for devices is
 * root's.
 */
export async function makeSpecial(special: Special, { folder, name }: SpecialPlace): Promise<void> {
  try {
    const args = ["-m", "600", "--", `/proc/self/fd/3/${name}`, ...wordsFor(special)];
    const end = await runProgram({ command: "mknod", args, descriptors: [folder] });
    if (end.kind === "missing") throw new RestoreFault("ENOSYS", "mknod is missing (coreutils)");
    if (end.kind === "broken") throw new RestoreFault("EIO", end.reason);
    if (end.status === 0) return;
    throw new RestoreFault(/not permitted/.test(end.err) ? "EPERM" : "EIO", end.err.trim());
  } finally {
    closeSync(folder);
  }
}

function wordsFor(special: Special): readonly string[] {
  if (special.kind === "fifo") return ["p"];
  const { device } = special;
  // As the C library splits `st_rdev`.
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return [special.kind === "dev" ? "b" : "c", String(major), String(minor)];
}
