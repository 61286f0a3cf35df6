/** How a backup went, for the daemon that watches the vault. */
import { realClock } from "../system/index.ts";
import type { PlaceOutcome } from "../vault/index.ts";
import { noteInState } from "./state-file.ts";

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

export async function noteRun(folder: string, ended: EndedRun): Promise<void> {
  const { atMs = realClock.now().wallMs, isQuorum, places, snapshot, suspicions } = ended;
  const at = Math.floor(atMs);
  const locations = places.map(({ holds, location: name, reason }) => ({ name, holds, reason }));
  const verdict = !isQuorum ? "failed" : suspicions.length > 0 ? "suspect" : "good";
  const usual = isQuorum ? suspicions.join(", ") : "fewer locations hold it than the quorum";
  const reason = ended.reason ?? usual;
  const run = { at, snapshot, verdict, reason } as const;
  await noteInState(folder, at, [{ kind: "run", run, locations }]);
}
