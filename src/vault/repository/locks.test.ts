import { describe, expect, test } from "vitest";
import { encodeLock } from "../format/lock-json.ts";
import { LocationFault, pathOfFile } from "../location.ts";
import { type LocationCall, MemoryLocation } from "../memory-location.ts";
import { codecOf, HandMovedTime, vaultOf } from "./repository-bench.ts";
import { withSession } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Vault } from "./vault.ts";

const { signal } = new AbortController();
const shared = { isExclusive: false, signal };
const exclusive = { isExclusive: true, signal };
const nothing = async (): Promise<void> => {};
const minuteMs = 60_000;

type Before = (call: LocationCall) => Promise<void> | void;

/** Machines at one place that go to sleep together, for it makes no difference to the lock. */
class OnePlace {
  readonly time = new HandMovedTime();
  readonly files = new Map<string, Uint8Array>();

  get locks(): readonly string[] {
    return [...this.files.keys()].filter((path) => path.startsWith("locks/"));
  }

  open(changes: Partial<Surroundings> & { readonly before?: Before } = {}): Vault {
    const { before = () => {}, ...others } = changes;
    const location = new MemoryLocation({ files: this.files, before });
    return vaultOf([location], { clock: this.time, timers: this.time, ...others }).vault;
  }

  /** Another machine. */
  openThere(): Vault {
    return this.open({ worker: { hostname: "there", username: "they", pid: 7, uid: 0, gid: 0 } });
  }

  plant(isExclusive: boolean): void {
    const timeNs = BigInt(this.time.wallMs) * 1_000_000n;
    const lock = { hostname: "there", username: "they", pid: 7, uid: 0, gid: 0 };
    const { bytes, id } = codecOf(9).encodeFile(encodeLock({ ...lock, timeNs, isExclusive }));
    this.files.set(pathOfFile({ kind: "lock", id }), bytes);
  }

  /** A moment later what timers began is done. */
  async later(elapsedMs: number): Promise<void> {
    this.time.pass(elapsedMs);
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  }
}

describe("a machine that slept half an hour (K6)", () => {
  test("has lost its lock to who took it for stale, and writes none beside theirs", async () => {
    const place = new OnePlace();
    await withSession(place.open(), shared, async (session) => {
      place.time.sleep(31 * minuteMs);
      await withSession(place.openThere(), exclusive, async () => {
        const [theirs] = place.locks;
        await place.later(30_000);
        expect(session.signal.aborted).toBe(true);
        expect(place.locks).toEqual([theirs]);
      });
    });
    expect(place.locks).toEqual([]);
  });

  test("learns it from a question, before any timer has fired", async () => {
    const place = new OnePlace();
    await withSession(place.open(), shared, async ({ confirm }) => {
      await confirm();
      place.time.sleep(31 * minuteMs);
      await withSession(place.openThere(), exclusive, nothing);
      await expect(confirm()).rejects.toThrow("our lock at memory: was removed while we worked");
    });
  });

  test("goes on with a new lock when nobody came", async () => {
    const place = new OnePlace();
    await withSession(place.open(), shared, async ({ confirm, signal: ended }) => {
      const [before] = place.locks;
      place.time.sleep(31 * minuteMs);
      await confirm();
      expect(place.locks).toHaveLength(1);
      expect(place.locks).not.toContain(before);
      await expect(withSession(place.openThere(), exclusive, nothing)).rejects.toMatchObject({
        code: "VAULT_LOCKED",
      });
      expect(ended.aborted).toBe(false);
    });
  });

  test("gives way to who works exclusively, also when its old lock is still there", async () => {
    const place = new OnePlace();
    await withSession(place.open(), shared, async ({ confirm }) => {
      place.time.sleep(31 * minuteMs);
      place.plant(true);
      await expect(confirm()).rejects.toThrow(/exclusively locked by process 7 of they/);
    });
    expect(place.locks).toHaveLength(1);
  });

  test("still holds its lock against other processes of its own (K3)", async () => {
    const place = new OnePlace();
    const worker = { hostname: "here", username: "we", pid: 101, uid: 0, gid: 0 };
    const beside = place.open({ worker, isAlive: () => true });
    const anew = place.open({ worker, isAlive: (_pid, sinceMs) => sinceMs > place.time.wallMs });
    await withSession(place.open(), shared, async () => {
      place.time.sleep(31 * minuteMs);
      await expect(withSession(beside, exclusive, nothing)).rejects.toMatchObject({
        code: "VAULT_LOCKED",
      });
      expect(place.locks).toHaveLength(1);
      // Another process has the number by now.
      await withSession(anew, exclusive, nothing);
      expect(place.locks).toHaveLength(0);
    });
  });
});

describe("the age of a lock", () => {
  test("holds others off for half an hour, and no longer (K3)", async () => {
    const place = new OnePlace();
    place.plant(false);
    place.time.sleep(29 * minuteMs);
    const refused = withSession(place.open(), exclusive, nothing);
    await expect(refused).rejects.toMatchObject({ code: "VAULT_LOCKED" });
    place.time.sleep(2 * minuteMs);
    await withSession(place.open(), exclusive, nothing);
    expect(place.locks).toEqual([]);
  });

  test("is that of the clock that nobody set back, when one was (K6)", async () => {
    const place = new OnePlace();
    await withSession(place.open(), shared, async ({ confirm }) => {
      const [before] = place.locks;
      place.time.monotonicMs += 23 * minuteMs;
      place.time.wallMs -= 60 * minuteMs;
      await confirm();
      expect(place.locks).not.toContain(before);
    });
  });

  test("counts from before it was renewed, however long that took (K4)", async () => {
    const place = new OnePlace();
    let puts = 0;
    const before = ({ file, method }: LocationCall): void => {
      if (method !== "put" || file?.kind !== "lock") return;
      puts += 1;
      if (puts === 2) place.time.monotonicMs += 4 * minuteMs;
    };
    await withSession(place.open({ before }), shared, async () => {
      await place.later(5 * minuteMs);
      expect(puts).toBe(2);
      await place.later(2 * minuteMs);
      expect(puts).toBe(3);
    });
  });
});

describe("locks of ours that stayed behind (K7)", () => {
  test("an old one of our own number, as in every container, holds nobody off (K3)", async () => {
    const place = new OnePlace();
    const before = ({ method }: LocationCall): void => {
      if (method === "remove") throw new LocationFault("away", "cut off");
    };
    await withSession(place.open({ before }), exclusive, nothing);
    expect(place.locks).toHaveLength(1);
    const anew = place.open({ isAlive: () => true });
    const refused = withSession(anew, shared, nothing);
    await expect(refused).rejects.toMatchObject({ code: "VAULT_LOCKED" });
    place.time.sleep(31 * minuteMs);
    await withSession(anew, shared, nothing);
    expect(place.locks).toEqual([]);
  });

  test("an old one that could not be removed goes with the next renewal", async () => {
    const place = new OnePlace();
    let isRefusing = true;
    const before = ({ method }: LocationCall): void => {
      if (method === "remove" && isRefusing) throw new LocationFault("away", "cut off");
    };
    await withSession(place.open({ before }), shared, async (session) => {
      await place.later(5 * minuteMs);
      expect(place.locks).toHaveLength(2);
      isRefusing = false;
      await place.later(5 * minuteMs);
      expect(place.locks).toHaveLength(1);
      expect(session.signal.aborted).toBe(false);
    });
    expect(place.locks).toEqual([]);
  });

  test("one that was written although no answer came goes the next time", async () => {
    const place = new OnePlace();
    const vault = place.open();
    const [{ location } = { location: undefined }] = vault.places;
    const put = location?.put.bind(location);
    if (location === undefined || put === undefined) throw new Error("a vault has a place");
    location.put = async (...call) => {
      await put(...call);
      location.put = put;
      throw new LocationFault("away", "the answer was lost");
    };
    await expect(withSession(vault, shared, nothing)).rejects.toThrow("the answer was lost");
    expect(place.locks).toHaveLength(1);
    await withSession(vault, exclusive, async () => {
      expect(place.locks).toHaveLength(1);
    });
    expect(place.locks).toEqual([]);
  });

  test("one that could not be given back is no obstacle to us", async () => {
    const place = new OnePlace();
    let isRefusing = true;
    const before = ({ method }: LocationCall): void => {
      if (method === "remove" && isRefusing) throw new LocationFault("away", "cut off");
    };
    const vault = place.open({ before });
    await withSession(vault, shared, nothing);
    expect(place.locks).toHaveLength(1);
    await withSession(vault, exclusive, nothing);
    expect(place.locks).toHaveLength(2);
    isRefusing = false;
    await withSession(vault, shared, nothing);
    expect(place.locks).toEqual([]);
  });
});
