import { describe, expect, it } from "vitest";
import { ManualTools, outcome, RetryBudget } from "../resilience/index.ts";
import {
  type FaultKind,
  type ListedFile,
  type Location,
  LocationFault,
  pathOfFile,
} from "./location.ts";
import { type LocationCall, MemoryLocation } from "./memory-location.ts";
import { type LocationRetryOptions, withRetries } from "./with-retries.ts";

const never = new AbortController().signal;
const pack = { kind: "pack", id: "a".repeat(64) } as const;
const config = { kind: "config", id: "" } as const;
const bytes = Uint8Array.of(1, 2, 3);

/** A place that fails with `faults`, one for each call, and then no more. */
function rig(faults: readonly LocationFault[], options: Partial<LocationRetryOptions> = {}) {
  const left = Array.from(faults);
  const calls: LocationCall[] = [];
  const memory = new MemoryLocation({
    before(call) {
      calls.push(call);
      const fault = left.shift();
      if (fault !== undefined) throw fault;
    },
  });
  const tools = new ManualTools();
  return { memory, tools, calls, location: withRetries(memory, { tools, ...options }) };
}

function fault(kind: FaultKind, retryAfterMs?: number): LocationFault {
  return new LocationFault(kind, kind, retryAfterMs === undefined ? {} : { retryAfterMs });
}

describe("asks again", () => {
  it("R1: what was away, until it is there", async () => {
    const { location, tools, memory, calls } = rig([fault("away"), fault("away")]);
    const put = outcome(location.put(pack, [bytes], never));
    await tools.advance(1500);
    expect(put).toEqual({ isSettled: true, value: undefined });
    expect(calls).toHaveLength(3);
    expect(memory.files.size).toBe(1);
  });

  it("R3: as late as the place asks for, and of itself later than for one that is away", async () => {
    const asked = rig([fault("throttled", 20_000)]);
    const late = outcome(asked.location.stat(pack, never));
    await asked.tools.advance(19_999);
    expect(asked.calls).toHaveLength(1);
    await asked.tools.advance(2001);
    expect(late.isSettled).toBe(true);

    const silent = rig([fault("throttled")]);
    const pending = outcome(silent.location.stat(pack, never));
    await silent.tools.advance(2499);
    expect(silent.calls).toHaveLength(1);
    await silent.tools.advance(6000);
    expect(pending.isSettled).toBe(true);
  });

  it("for a list as a whole, and shows each file once", async () => {
    const { location, memory, tools, calls } = rig([fault("away")]);
    memory.files.set(pathOfFile(pack), bytes);
    const found = outcome(listed(location));
    await tools.advance(1000);
    expect(found.value).toEqual([{ ...pack, sizeBytes: bytes.length }]);
    expect(calls).toHaveLength(2);
  });

  it("R5: and knows its own config again", async () => {
    const { location, memory, tools, calls } = rig([fault("away")]);
    memory.files.set("config", bytes);
    const mine = outcome(location.put(config, [bytes.subarray(0, 1), bytes.subarray(1)], never));
    await tools.advance(1000);
    expect(mine).toEqual({ isSettled: true, value: undefined });
    expect(calls.map(({ method }) => method)).toEqual(["put", "put", "get"]);

    const other = rig([fault("away")]);
    other.memory.files.set("config", Uint8Array.of(1, 2, 4));
    const refused = outcome(other.location.put(config, [bytes], never));
    await other.tools.advance(1000);
    expect(refused.error).toMatchObject({ kind: "exists" });
    await expect(rigged(bytes).put(config, [bytes], never)).rejects.toMatchObject({
      kind: "exists",
    });
  });
});

async function listed(location: Location): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  for await (const file of location.list("pack", never)) files.push(file);
  return files;
}

/** Where a config is, and nothing fails. */
function rigged(held: Uint8Array) {
  const { location, memory } = rig([]);
  memory.files.set("config", held);
  return location;
}

describe("does not ask again", () => {
  it.each(["missing", "short", "denied", "read-only", "full", "strange"] as const)(
    "R1: for what is %s",
    async (kind) => {
      const { location, calls } = rig([fault(kind)]);
      await expect(location.get(pack, never)).rejects.toMatchObject({ kind });
      expect(calls).toHaveLength(1);
    },
  );

  it("R1: for who has given up, in the middle of a pause", async () => {
    const { location, tools, calls } = rig([fault("away"), fault("away")]);
    const giveUp = new AbortController();
    const found = outcome(location.remove(pack, giveUp.signal));
    await tools.settle();
    const enough = new Error("enough");
    giveUp.abort(enough);
    await tools.settle();
    expect(found.error).toBe(enough);
    expect(calls).toHaveLength(1);
    expect(tools.pendingTimers).toBe(0);
  });

  it("R2: when the budget is used up", async () => {
    const budget = new RetryBudget({ ratio: 0, minimumPerSecond: 0.2 });
    const { location, tools, calls } = rig(Array<LocationFault>(100).fill(fault("away")), {
      budget,
    });
    const asked = [1, 2, 3, 4].map(() => outcome(location.stat(pack, never)));
    await tools.advance(5000);
    expect(asked.every(({ isSettled }) => isSettled)).toBe(true);
    expect(calls).toHaveLength(4 + 2);
  });

  it("R4: when the limit is over, however many attempts are left", async () => {
    const faults = Array<LocationFault>(1000).fill(fault("throttled", 1000));
    const { location, tools, calls } = rig(faults, { attempts: 1000, limitMs: 5000 });
    const found = outcome(location.stat(pack, never));
    await tools.advance(20_000);
    expect(found.error).toMatchObject({ kind: "throttled" });
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.length).toBeLessThanOrEqual(6);
  });

  it("when a place asks for more time than anybody has", async () => {
    const { location, calls } = rig([fault("throttled", 3_600_000)]);
    await expect(location.stat(pack, never)).rejects.toMatchObject({ kind: "throttled" });
    expect(calls).toHaveLength(1);
  });
});
