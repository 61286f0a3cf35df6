import { expect, test } from "vitest";
import type { Reading } from "../../../custodian/index.ts";
import { Lease } from "./lease.ts";

interface Scene {
  readonly lease: Lease;
  readonly events: string[];
  /** The time passes after which a lock is given back. */
  readonly wait: () => void;
  readonly lose: () => void;
  fails: boolean;
}

function open(): Scene {
  let [due, lost]: [(() => void) | undefined, AbortController] = [undefined, new AbortController()];
  const events: string[] = [];
  const scene = { events, fails: false, wait: () => due?.(), lose: () => lost.abort() };
  const lease = new Lease({
    timers: {
      after: (_delayMs, run) => {
        due = run;
        return () => {
          due = undefined;
        };
      },
    },
    hold: async (work) => {
      if (scene.fails) throw new Error("away");
      events.push("locked");
      lost = new AbortController();
      await work({ session: { signal: lost.signal }, snapshots: [] } as unknown as Reading);
      events.push("given back");
    },
  });
  return Object.assign(scene, { lease });
}

const nothing = (): Promise<void> => Promise.resolve();

test("a lock is held while something is read, and for a while behind it", async () => {
  const { events, lease, wait } = open();
  await lease.use(nothing);
  await lease.use(nothing);
  expect(events).toEqual(["locked"]);
  wait();
  await lease.use(nothing);
  expect(events).toEqual(["locked", "given back", "locked"]);
  await lease[Symbol.asyncDispose]();
  expect(events.at(-1)).toBe("given back");
});

test("work that is under way keeps it (L1)", async () => {
  const { events, lease, wait } = open();
  const work = Promise.withResolvers<void>();
  const using = lease.use(() => work.promise);
  await lease.use(nothing);
  wait();
  await lease.use(nothing);
  expect(events).toEqual(["locked"]);
  work.resolve();
  await using;
});

test("who could not have it, or lost it, takes a new one (L2)", async () => {
  const scene = open();
  const { events, lease, lose } = scene;
  scene.fails = true;
  await expect(lease.use(nothing)).rejects.toThrow("away");
  scene.fails = false;
  await lease.use(nothing);
  lose();
  await lease.use(nothing);
  expect(events).toEqual(["locked", "given back", "locked"]);
});
