/**
 * A vault has several concerns at a time, and its sensor answers each of them with every look: what
 * is not well is a failure of its own, and over as soon as a look says so.
 */
import type { FailureType, Severity } from "../../model/index.ts";
import type { Detector } from "../detector.ts";

interface Meaning {
  readonly type: FailureType;
  readonly severity: Severity;
}

/**
 * By what the sensor calls them. What is lost now is worse than what the next accident may lose.
 */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["missing", { type: "critical_missing", severity: "critical" }],
  ["damaged", { type: "vault_damaged", severity: "high" }],
  ["suspect", { type: "backup_suspect", severity: "high" }],
  ["failed", { type: "backup_failed", severity: "high" }],
  ["overdue", { type: "backup_overdue", severity: "high" }],
  ["stream-gap", { type: "stream_gap", severity: "high" }],
  ["stream-failed", { type: "stream_failed", severity: "high" }],
  ["drill-failed", { type: "drill_failed", severity: "high" }],
  ["behind", { type: "location_behind", severity: "medium" }],
  ["drill-overdue", { type: "drill_overdue", severity: "medium" }],
  ["asked", { type: "healing_asked", severity: "medium" }],
  ["frozen", { type: "forgetting_frozen", severity: "medium" }],
]);

export function vaultDetector(): Detector<null> {
  return {
    name: "vault",
    sensors: ["vault"],
    outlivesProcess: true,
    hearsItselfOnly: true,
    initial: () => null,
    judge(_state, { reading }) {
      if (reading.kind !== "occurrence") return undefined;
      const meaning = meanings.get(reading.name);
      if (meaning === undefined) return undefined;
      if (reading.count === 0) return { kind: "good", types: [meaning.type] };
      return { kind: "bad", ...meaning, reason: reading.reason };
    },
  };
}
