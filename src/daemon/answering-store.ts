/**
 * The store for whoever asks about the past: every question has its answer, or its refusal, within
 * the deadline, also while the disk under the store hangs. What is known without it is told then.
 */
import type { Timers } from "../kernel/index.ts";
import { within } from "../knowledge/index.ts";
import type { Store } from "../model/index.ts";

const deadlineMs = 3000;

type Ask = (...given: readonly unknown[]) => Promise<unknown>;

export function answeringStore(store: Store, timers: Timers): Store {
  return new Proxy(store, {
    get(asked, name: keyof Store) {
      const ask = asked[name].bind(asked) as Ask;
      return (...given: readonly unknown[]) => within(timers, deadlineMs, ask(...given));
    },
  });
}
