import { describe, expect, it } from "vitest";
import type { Observation } from "../../model/index.ts";
import { vaultDetector } from "./vault.ts";

const now = { wallMs: 0, monotonicMs: 0 };

function opinionOf(name: string, count: number) {
  const reading = { kind: "occurrence", name, count, reason: "why it is so" } as const;
  const told = { resource: "vault/treasure", sensor: "vault", at: 0, begunMs: 0 } as const;
  return vaultDetector().judge(null, { ...told, reading } satisfies Observation, now);
}

describe("the detector of vaults", () => {
  it.each([
    ["missing", "critical_missing", "critical"],
    ["damaged", "vault_damaged", "high"],
    ["suspect", "backup_suspect", "high"],
    ["failed", "backup_failed", "high"],
    ["overdue", "backup_overdue", "high"],
    ["stream-gap", "stream_gap", "high"],
    ["stream-failed", "stream_failed", "high"],
    ["drill-failed", "drill_failed", "high"],
    ["behind", "location_behind", "medium"],
    ["drill-overdue", "drill_overdue", "medium"],
    ["asked", "healing_asked", "medium"],
    ["frozen", "forgetting_frozen", "medium"],
  ])("%s is %s, and %s, until a look finds none", (concern, type, severity) => {
    const reason = "why it is so";
    expect(opinionOf(concern, 2)).toEqual({ kind: "bad", type, severity, reason });
    expect(opinionOf(concern, 0)).toEqual({ kind: "good", types: [type] });
  });

  it("says nothing of what it does not know", () => {
    expect(opinionOf("rain", 1)).toBeUndefined();
  });
});
