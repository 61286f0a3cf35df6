/**
 * Whatever an agent does that nobody waits for: when it fails, that is told, and the agent goes on.
 * A rejection that nobody hears would end the process.
 */
import { messageOf } from "../../kernel/index.ts";

/** @returns what the work does; undefined: it failed, and `onFailure` was told why */
export async function survives<T>(
  work: () => T | Promise<T>,
  onFailure: (reason: string) => void,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    onFailure(messageOf(error));
    return undefined;
  }
}
