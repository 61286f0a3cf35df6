import { type FaultKind, LocationFault, MemoryLocation } from "../../src/vault/index.ts";
import { locationConformance } from "./location.ts";
import { locationFaults } from "./location-faults.ts";
import { type LocationScene, type SceneFault, sceneFaults } from "./location-scene.ts";

locationConformance("memory", openMemory);
locationFaults("memory", openMemory, [
  "down",
  "vanished",
  "denied",
  "throttled",
  "strange",
  "full",
  "read-only",
]);

async function openMemory(): Promise<LocationScene> {
  let present: SceneFault | undefined;
  const location = new MemoryLocation({
    before({ method }) {
      const fault = present && sceneFaults[present];
      const isWrite = method === "put" || method === "remove";
      if (fault === undefined || (fault.writesOnly && !isWrite)) return;
      throw faultOf(fault.says);
    },
  });
  return {
    location,
    plant: async (path, bytes) => void location.files.set(path, bytes),
    strike: async (fault) => {
      present = fault;
    },
    lift: async () => {
      present = undefined;
    },
    [Symbol.asyncDispose]: () => location[Symbol.asyncDispose](),
  };
}

function faultOf(kind: FaultKind): LocationFault {
  return new LocationFault(kind, `memory: ${kind}`, { retryAfterMs: 2000 });
}
