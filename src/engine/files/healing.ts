/** What the file operations have put right without being asked, and who is told of it. */
import type { EngineEventHub, SilentError } from "../events.ts";
import type { Damage } from "./damage.ts";

export type Healing =
  /** A folder was missing, and was made with all that were missing above it. */
  | { readonly kind: "directory_made"; readonly path: string }
  /** The lock of a dead process was taken over. */
  | { readonly kind: "lock_broken"; readonly path: string; readonly pid: number }
  /** Another process was writing the same file. */
  | { readonly kind: "writer_waited_for"; readonly path: string; readonly waitedMs: number }
  /** What a killed writer had left behind. */
  | { readonly kind: "leftover_removed"; readonly path: string }
  /** A script got its executable bits. */
  | { readonly kind: "made_executable"; readonly path: string }
  /** A damaged file was replaced by the last whole version. */
  | {
      readonly kind: "recovered";
      readonly path: string;
      readonly damage: Damage;
      /** The kept version that is in its place now. */
      readonly from: string;
      /** False where the file could not be written: only the caller has got the whole content. */
      readonly isRestored: boolean;
    }
  /** Somebody was in the middle of writing the file that was to be read. */
  | { readonly kind: "race_waited_out"; readonly path: string; readonly waitedMs: number }
  /** The half of a line that a killed writer had appended was taken away. */
  | { readonly kind: "append_undone"; readonly path: string; readonly sizeBytes: number }
  /** No healing, and told therefore: the file is written, with no copy to recover it from. */
  | { readonly kind: "version_not_kept"; readonly path: string; readonly reason: string };

export type Tell = (healing: Healing) => void;

export interface Told {
  readonly operation: string;
  /** Undefined for what was done on the way of a call of node's own. */
  readonly elapsedMs?: number;
}

/** One sentence for people. */
function wordsOf(healing: Healing): string {
  const { path } = healing;
  switch (healing.kind) {
    case "directory_made":
      return `the directory ${path} was missing and has been made`;
    case "lock_broken":
      return `the lock ${path} of process ${healing.pid}, which is dead, was taken over`;
    case "writer_waited_for":
      return `another writer of ${path} was waited for (${Math.round(healing.waitedMs)} ms)`;
    case "leftover_removed":
      return `${path}, which a killed writer had left, has been removed`;
    case "made_executable":
      return `the script ${path} has been made executable`;
    case "recovered":
      return `${path} was ${healing.damage}; ${healing.from} is in its place`;
    case "race_waited_out":
      return `${path} was read while it was being written: waited ${Math.round(healing.waitedMs)} ms`;
    case "append_undone":
      return `a half line at the end of ${path} was taken away (${healing.sizeBytes} bytes)`;
    case "version_not_kept":
      return `no copy of ${path} could be kept: ${healing.reason}`;
  }
}

/** Every healing is a recovery, with its words as a notice; what went wrong unseen is told too. */
export function tellHub(hub: EngineEventHub, healing: Healing, told: Told): void {
  if (hub.has("state")) {
    hub.emit("state", {
      subject: healing.path,
      message: wordsOf(healing),
      details: { ...healing },
    });
  }
  if (healing.kind === "version_not_kept") return;
  const silent = silentErrorOf(healing, told.operation);
  if (silent !== undefined && hub.has("silent_error")) hub.emit("silent_error", silent);
  if (!hub.has("recovery_success")) return;
  hub.emit("recovery_success", { ...told, by: "file", attempts: 1 });
}

function silentErrorOf(healing: Healing, operation: string): SilentError | undefined {
  const reason = wordsOf(healing);
  if (healing.kind === "recovered") {
    return { operation, type: "empty_write", reason, evidence: { ...healing } };
  }
  if (healing.kind === "race_waited_out") {
    return { operation, type: "file_race", reason, evidence: { ...healing } };
  }
  return undefined;
}
