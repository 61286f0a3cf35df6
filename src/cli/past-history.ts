/** The history of a fleet whose daemon is down, from its store alone. */
import { tellIncident } from "../api/index.ts";
import { openPast } from "../platform/index.ts";
import { failuresShown, type History } from "./history.ts";

/** Who may read the store sees all of it. */
const caller = { name: "terminal", isTrusted: true, isNear: true };

/** Undefined when there is no store that could be read. */
export async function openPastHistory(
  path: string,
): Promise<(History & { close(): Promise<void> }) | undefined> {
  const store = await openPast(path);
  if (store === undefined) return undefined;
  return {
    incidents: (limit, live) => store.incidents({ limit, ...(live ? { live } : {}) }),
    story: async (id) => {
      const [found] = await store.incidents({ limit: 1, id });
      return found && (await tellIncident({ house: { store }, caller }, found));
    },
    actions: (limit) => store.actions({ limit }),
    action: async (actionId) => (await store.actions({ limit: 1, actionId }))[0],
    underWay: async () => [],
    failures: (service) => store.failures({ limit: failuresShown, service }),
    services: async () => [],
    engines: async () => [],
    steered: async () => [],
    resources: async () => [],
    close: () => store.close(),
  };
}
