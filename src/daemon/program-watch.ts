/**
 * Quarantine is left when the program changes: somebody has mended it. How it was when it failed
 * last is remembered with the quarantine, so that a change counts also when it came at once, or
 * while no daemon was there.
 */
import type { CancelTimer, Timers } from "../kernel/index.ts";
import type { Conductor } from "../loop/index.ts";
import type { ProgramFiles, ResourceId } from "../model/index.ts";

const everyMs = 1000;

interface Programs {
  /** What a start with that specification would run now. */
  programOf(specHash: string): ProgramFiles | undefined;
}

export function watchPrograms(
  conductor: Conductor,
  programs: Programs,
  timers: Timers,
): () => void {
  /** Where nothing is remembered: as it was at the first look. */
  const firstSeen = new Map<ResourceId, ProgramFiles>();
  let cancel: CancelTimer | undefined;
  const look = (): void => {
    const { plan, fleet } = conductor.state;
    for (const { resource, service, quarantine, program } of plan.slots.values()) {
      if (quarantine === undefined) {
        firstSeen.delete(resource);
        continue;
      }
      const before = program ?? firstSeen.get(resource);
      const now = programs.programOf(before?.specHash ?? fleet.services[service]?.hash ?? "");
      if (now === undefined) continue;
      if (before === undefined) firstSeen.set(resource, now);
      else if (now.files !== before.files) {
        firstSeen.delete(resource);
        conductor.request({ kind: "start", resource, by: "a changed program file" });
      }
    }
    cancel = timers.after(everyMs, look);
  };
  look();
  return () => cancel?.();
}
