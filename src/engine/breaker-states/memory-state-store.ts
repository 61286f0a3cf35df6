/** States in memory: the reference for every other store, and for tests. */
import type { Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { BreakerStateStore } from "./breaker-state-store.ts";
import { asOfNow, mergeSaved, type SavedBreaker } from "./saved-breaker.ts";

/** A store that forgets with its process: for tests, and to share states within one process. */
export function memoryStateStore(tools: Pick<Tools, "wallMs"> = realTools): BreakerStateStore {
  let known: ReadonlyMap<string, SavedBreaker> = new Map();
  return {
    name: "memory",
    load() {
      const nowMs = tools.wallMs();
      return { states: [...known.values()].map((state) => asOfNow(state, nowMs)), troubles: [] };
    },
    save(states) {
      known = mergeSaved([...known.values()], states);
      return Promise.resolve();
    },
  };
}
