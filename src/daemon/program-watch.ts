/**
 * Quarantine is left when the program changes: somebody has mended it. Looks at the files of the
 * command lines (the program and the scripts that it is given), and asks for a start of what is in
 * quarantine when one of its files is another than at the look before.
 */
import { type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ServiceSpec } from "../config/index.ts";
import type { CancelTimer, Timers } from "../kernel/index.ts";
import type { Conductor } from "../loop/index.ts";
import type { ResourceId } from "../model/index.ts";

const everyMs = 1000;

export function watchPrograms(conductor: Conductor, timers: Timers): () => void {
  const seen = new Map<ResourceId, string>();
  let cancel: CancelTimer | undefined;
  const look = (): void => {
    for (const slot of conductor.state.plan.slots.values()) {
      const spec = conductor.state.fleet.services[slot.service];
      if (spec === undefined) continue;
      const now = fingerprint(spec);
      const before = seen.get(slot.resource);
      seen.set(slot.resource, now);
      if (slot.quarantine === undefined || before === undefined || before === now) continue;
      conductor.request({ kind: "start", resource: slot.resource, by: "a changed program file" });
    }
    cancel = timers.after(everyMs, look);
  };
  look();
  return () => cancel?.();
}

function fingerprint({ command, cwd }: ServiceSpec): string {
  return command
    .map((word) => {
      const found = lookAt(resolve(cwd, word));
      return found?.isFile() ? `${found.mtimeMs}:${found.size}:${found.ino}` : "";
    })
    .join("|");
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Most words are no files: a script after `-e` is even too long for a name.
    return undefined;
  }
}
