/** How a backup went, for the daemon that watches the vault. */
import { realClock } from "../system/index.ts";
import type { PlaceOutcome } from "../vault/index.ts";
import { noteInState } from "./state-file.ts";

interface EndedRun {
  readonly snapshot: string;
  readonly isQuorum: boolean;
  /** What is suspect about it, a word each. */
  readonly suspicions: readonly string[];
  readonly places: readonly PlaceOutcome[];
}

export async function noteRun(folder: string, ended: EndedRun): Promise<void> {
  const { isQuorum, places, snapshot, suspicions } = ended;
  const at = Math.floor(realClock.now().wallMs);
  const locations = places.map(({ holds, location: name, reason }) => ({ name, holds, reason }));
  const verdict = !isQuorum ? "failed" : suspicions.length > 0 ? "suspect" : "good";
  const reason = isQuorum ? suspicions.join(", ") : "fewer locations hold it than the quorum";
  const run = { at, snapshot, verdict, reason } as const;
  await noteInState(folder, at, [{ kind: "run", run, locations }]);
}
