/** Waits for what somebody else ends, if he does. */
import type { Tools } from "../../resilience/index.ts";

/** Undefined: it has not ended within the time. What it does later is nobody's affair. */
export async function endsWithin<T>(
  work: Promise<T>,
  limitMs: number,
  { timers }: Pick<Tools, "timers">,
): Promise<T | undefined> {
  let cancel = (): void => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = timers.after(limitMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
