/** Which services run although no daemon does: from the notes that the last one left about them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../model/index.ts";
import { isAlive } from "../system/index.ts";

/** `web.1`, in the order of their names. */
export function leftRunning(dataPath: string): readonly string[] {
  const folder = join(dataPath, "run");
  return namesIn(folder)
    .filter((name) => name.endsWith(suffix))
    .filter((name) => processesIn(join(folder, name)).some(isAlive))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

const suffix = ".run.json";

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function processesIn(path: string): readonly ProcessIdentity[] {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as {
      readonly runs?: readonly { readonly process: ProcessIdentity }[];
    };
    return (file.runs ?? []).map((run) => run.process);
  } catch {
    // Gone or torn: it says of nothing that it runs.
    return [];
  }
}
