/** Processes of one machine that write the same file do it one after the other. */
import { SoulMirrorError } from "../kernel/index.ts";
import type { Tools } from "../resilience/index.ts";
import { acquireLock, type Lock } from "../system/index.ts";

/** With the pauses between them, about a second. */
const turnsMax = 40;

/**
 * Undefined where this system has no locks. Throws STORE_UNAVAILABLE when others hold it for too
 * long, and what the disk says.
 */
export async function takeTurn(
  path: string,
  { timers, random }: Pick<Tools, "timers" | "random">,
): Promise<Lock | undefined> {
  for (let turn = 1; ; turn += 1) {
    try {
      return acquireLock(path);
    } catch (error) {
      const code = error instanceof SoulMirrorError ? error.code : undefined;
      if (code === "DATA_DIRECTORY_UNUSABLE") return undefined;
      if (code !== "DATA_DIRECTORY_HELD") throw error;
      if (turn === turnsMax) throw heldTooLong(path, error);
    }
    await new Promise<void>((done) => timers.after(5 + random.next() * 20, done));
  }
}

function heldTooLong(path: string, cause: unknown): SoulMirrorError {
  return new SoulMirrorError("STORE_UNAVAILABLE", `another process does not let go of ${path}`, {
    fix: "find out what that process waits for, or give each process a file of its own",
    cause,
  });
}
