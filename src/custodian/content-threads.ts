/** The threads that read and seal for a backup of one vault. */
import { availableParallelism } from "node:os";
import { WorkerThreads } from "../platform/content/index.ts";
import type { OpenedVault } from "./open-vault.ts";

/** More of them wait for the same disk. */
const threadsMax = 8;

export function contentThreads(
  { keys, polynomial }: Pick<OpenedVault, "keys" | "polynomial">,
  threads: number = Math.min(threadsMax, availableParallelism()),
): WorkerThreads {
  return new WorkerThreads({ threads, keys, polynomial });
}
