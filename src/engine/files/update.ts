/**
 * Read, change, write, as one step. The lock keeps out who takes it; who does not is found by the
 * file being another one than was read, and the change is made again on what is there now.
 */
import type { Content } from "./content.ts";
import { codeOf } from "./file-error.ts";
import type { Replaced } from "./replace.ts";
import { lookAt } from "./target.ts";
import type { Change } from "./written.ts";

const attemptsMax = 5;

export interface UpdateSteps {
  /** The whole content, recovered when it was damaged. */
  readonly read: () => Promise<Buffer>;
  /** Rejects with FILE_CONFLICT when the file is not that version any more. */
  readonly replace: (
    content: Content,
    expected: { readonly version: string | undefined },
  ) => Promise<Replaced>;
  readonly signal: AbortSignal | undefined;
}

/** The caller holds the lock. Undefined: nothing was changed. */
export async function updateWhole(
  target: string,
  change: Change,
  { read, replace, signal }: UpdateSteps,
): Promise<Replaced | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const content = (await lookAt(target)) === undefined ? undefined : await read();
    // After reading: a recovery has made it another file.
    const version = (await lookAt(target))?.version;
    const next = await change(content);
    if (next === undefined) return undefined;
    try {
      return await replace(next, { version });
    } catch (error) {
      if (codeOf(error) !== "FILE_CONFLICT" || attempt >= attemptsMax) throw error;
    }
  }
}
