/**
 * The agent of a vault knows what helps against its troubles, and is asked for it. Most of them it
 * sees to by itself: this is for when it did not, or could not at the time.
 */
import type { FailureType } from "../../model/index.ts";
import type { Strategy } from "../strategy.ts";

/** A failed backup is not among them: the agent tries again until it is held, whoever asks. */
const duties: Partial<Readonly<Record<FailureType, string>>> = {
  vault_damaged: "heal",
  backup_suspect: "backup",
  backup_overdue: "backup",
  drill_failed: "drill",
  drill_overdue: "drill",
  location_behind: "catch-up",
};

/** Everything may have to be read, or restored. */
const deadlineMs = 3_600_000;

export const tendVault: Strategy = {
  name: "tend_vault",
  heals: {
    vault_damaged: 10,
    backup_suspect: 10,
    backup_overdue: 10,
    drill_failed: 10,
    drill_overdue: 10,
    location_behind: 10,
  },
  repeatable: true,
  reverts: false,
  irreversible: () => false,
  fits: ({ resource }) => resource.startsWith("vault/"),
  against: ({ resource }) => (resource.startsWith("vault/") ? undefined : "it is no vault"),
  steps: ({ failure, resource }) => [
    {
      kind: "vault",
      resource,
      parameters: { do: duties[failure.type] ?? "backup" },
      deadlineMs,
    },
  ],
};
