/**
 * The port that an instance needs is held by a stranger. That is known before anything is started,
 * from one reading, and names the holder; it is over when a process of ours shows life.
 */
import type { Detector, Opinion } from "../detector.ts";

const good: Opinion = { kind: "good", types: ["port_conflict"] };

export function portConflictDetector(): Detector<null> {
  return {
    name: "port-conflict",
    sensors: "all",
    outlivesProcess: true,
    provesNothing: true,
    initial: () => null,
    judge(_state, { reading, sensor }) {
      if (reading.kind === "port-held") {
        const holder = reading.holder
          ? `pid ${reading.holder.pid} (${reading.holder.command})`
          : "a process that cannot be seen from here";
        const reason = `port ${reading.port} is held by ${holder}`;
        return { kind: "bad", type: "port_conflict", severity: "high", reason };
      }
      const alive =
        (reading.kind === "check" && reading.ok) ||
        (reading.kind === "samples" && sensor === "usage");
      return alive ? good : undefined;
    },
  };
}
