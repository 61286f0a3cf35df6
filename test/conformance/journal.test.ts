import { join } from "node:path";
import type { EmergencyJournal, HeldEntries } from "../../src/knowledge/index.ts";
import { openEmergencyFile } from "../../src/platform/store/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { journalConformance } from "./journal.ts";

/** The reference: a list. */
function memoryEmergency(): EmergencyJournal {
  let all: HeldEntries[] = [];
  return {
    append: async (held) => void all.push(structuredClone(held)),
    read: async () => {
      const ends = all.flatMap(({ storeEnd }) => storeEnd ?? []);
      return {
        storeEnd: ends.length > 0 ? Math.min(...ends) : undefined,
        entries: all.flatMap(({ entries }) => entries),
      };
    },
    reset: async () => {
      all = [];
    },
  };
}

journalConformance("a list in memory", async () => ({
  emergency: memoryEmergency(),
  [Symbol.asyncDispose]: async () => undefined,
}));

journalConformance("the emergency file", async () => {
  const folder = temporaryFolder("emergency");
  const emergency = await openEmergencyFile(join(folder, "file"), { sizeBytes: 2 ** 17 });
  return {
    emergency,
    [Symbol.asyncDispose]: () => emergency.close(),
  };
});
