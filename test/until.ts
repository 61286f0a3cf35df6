/** Waiting for what will be so: asked again and again, within a limit, and told when it is not. */
import { setTimeout as pause } from "node:timers/promises";

export interface UntilOptions {
  /** For the complaint; without it, what was asked. */
  readonly what?: string;
  /** Below the limit of a test, so that the complaint is ours and says what was seen. */
  readonly limitMs?: number | undefined;
  readonly everyMs?: number;
  /** What there is to see of it, for the complaint. */
  readonly seen?: () => unknown;
}

/** Throws after `limitMs` of waiting, with `seen`; a look that takes long counts as well. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { what = holds.toString(), limitMs = 40_000, everyMs = 10, seen }: UntilOptions = {},
): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  while (!(await holds())) {
    if (limit.aborted) {
      throw new Error(
        `never in ${limitMs} ms: ${what}${seen === undefined ? "" : await told(seen)}`,
      );
    }
    await pause(everyMs);
  }
}

/** What `look` finds, as soon as that is something. */
export async function found<T>(
  look: () => T | undefined | Promise<T | undefined>,
  options: UntilOptions = {},
): Promise<T> {
  let last: T | undefined;
  const holds = async (): Promise<boolean> => (last = await look()) !== undefined;
  await until(holds, { what: look.toString(), ...options });
  return last as T;
}

async function told(seen: () => unknown): Promise<string> {
  try {
    const last = await seen();
    return `\nseen last: ${typeof last === "string" ? last : JSON.stringify(last, undefined, 1)}`;
  } catch (error) {
    return `\nnothing to see: ${String(error)}`;
  }
}
