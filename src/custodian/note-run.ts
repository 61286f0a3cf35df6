/** How a backup went, for the daemon that watches the vault. */
import { realClock } from "../system/index.ts";
import type { AuditKind, PlaceOutcome } from "../vault/index.ts";
import { noteInState, readState } from "./state-file.ts";

export interface EndedRun {
  /** Wall time of its end; default now. */
  readonly atMs?: number;
  /** Empty: it did not come to its end. */
  readonly snapshot: string;
  /** Why it is not good, where more is known than that. */
  readonly reason?: string;
  readonly isQuorum: boolean;
  /** What is suspect about it, a word each. */
  readonly suspicions: readonly string[];
  readonly places: readonly PlaceOutcome[];
}

/** For the audit trail: the vault has other locations than in the run before. */
export interface LocationChange {
  readonly kind: Extract<AuditKind, "location-added" | "location-detached">;
  readonly location: string;
}

export async function noteRun(folder: string, ended: EndedRun): Promise<readonly LocationChange[]> {
  const { atMs = realClock.now().wallMs, isQuorum, places, snapshot, suspicions } = ended;
  const at = Math.floor(atMs);
  const locations = places.map(({ holds, location: name, reason }) => ({ name, holds, reason }));
  const verdict = !isQuorum ? "failed" : suspicions.length > 0 ? "suspect" : "good";
  const usual = isQuorum ? suspicions.join(", ") : "fewer locations hold it than the quorum";
  const reason = ended.reason ?? usual;
  const run = { at, snapshot, verdict, reason } as const;
  const before = await readState(folder, at);
  await noteInState(folder, at, [{ kind: "run", run, locations }]);
  return changesOf(
    before.locations.map(({ name }) => name),
    locations.map(({ name }) => name),
  );
}

function changesOf(before: readonly string[], after: readonly string[]): readonly LocationChange[] {
  // The first run; or one that could not begin, and knows of none.
  if (before.length === 0 || after.length === 0) return [];
  return [
    ...after.flatMap((location) =>
      before.includes(location) ? [] : [{ kind: "location-added", location } as const],
    ),
    ...before.flatMap((location) =>
      after.includes(location) ? [] : [{ kind: "location-detached", location } as const],
    ),
  ];
}
