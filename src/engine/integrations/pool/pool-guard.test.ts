import { describe, expect, test } from "vitest";
import { ManualTools } from "../../../resilience/index.ts";
import type { CallMeter, OpenCall } from "../../operation.ts";
import type { Metering } from "../operation-meters.ts";
import type { Finding, PoolCounts, PoolDriver, PoolNotice } from "./pool-driver.ts";
import { PoolGuard } from "./pool-guard.ts";

const call: OpenCall = { succeed: () => undefined, fail: () => undefined };
const engine: Metering = { meter: (): CallMeter => ({ begin: () => call }) };
const away = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

/** A pool whose server is there or not, as a test says. */
class MemoryPool implements PoolDriver<object> {
  isThere = true;
  refreshes = 0;
  refreshed: () => Promise<void> = () => Promise.resolve();
  has: PoolCounts = { limit: 2, total: 0, idle: 0, waiting: 0 };

  counts(): PoolCounts {
    return this.has;
  }

  probe(): Promise<Finding<object>> {
    return this.isThere ? Promise.resolve({ isAlive: () => undefined }) : Promise.reject(away);
  }

  discard(): void {}

  refresh(): Promise<void> {
    this.refreshes += 1;
    return this.refreshed();
  }
}

function guarded(onNotice: (notice: PoolNotice) => unknown = () => undefined) {
  const tools = new ManualTools();
  const pool = new MemoryPool();
  const notices: PoolNotice[] = [];
  const guard = new PoolGuard(pool, engine, {
    name: "pg",
    word: "query",
    suspectAfterMs: 1000,
    suspectFactor: 10,
    probeTimeoutMs: 3000,
    onBack: () => undefined,
    onNotice: (notice) => {
      notices.push(notice);
      return onNotice(notice);
    },
    tools,
  });
  return { tools, pool, guard, notices, told: () => notices.map(({ event }) => event) };
}

describe("PoolGuard", () => {
  test.each([
    ["throws", () => fail()],
    ["rejects", async () => fail()],
  ])("who is told and %s harms nobody", async (_what, onNotice) => {
    const { tools, pool, guard, told } = guarded(onNotice);
    pool.isThere = false;
    guard.lost({}, away);
    await tools.advance(1000);
    pool.isThere = true;
    await tools.advance(60_000);
    expect(told()).toEqual(["connection_lost", "server_away", "server_back"]);
  });

  test("G2: a pool that cannot be used once does not keep the server from being back", async () => {
    const { tools, pool, guard, told } = guarded();
    pool.isThere = false;
    pool.refreshed = () => new Promise(() => undefined);
    guard.lost({}, away);
    await tools.advance(1000);
    pool.isThere = true;
    await tools.advance(60_000);
    expect(told()).toEqual(["connection_lost", "server_away", "server_back"]);
    expect([pool.refreshes, guard.state.phase]).toEqual([1, "well"]);
  });

  test.each<readonly [string, readonly boolean[], string]>([
    ["that lie in the hands of callers", [false, false], "2 of them have no query under way: are"],
    ["that are at work", [true, true], "each of them has a query under way"],
    ["of which one does nothing", [true, false], "1 of them have no query under way: are they rel"],
    ["that nobody was seen to take", [], "2 are still being made, or were taken before the watch"],
  ])("exhausted by connections %s", async (_what, taken, message) => {
    const { tools, pool, guard, notices } = guarded();
    pool.has = { limit: 2, total: 2, idle: 0, waiting: 1 };
    for (const isAtWork of taken) {
      const connection = {};
      guard.taken(connection);
      if (isAtWork) guard.begin(connection);
    }
    guard.connecting();
    await tools.advance(1500);
    const exhausted = notices.filter(({ event }) => event === "exhausted");
    expect(exhausted.map((each) => each.message)).toEqual([
      expect.stringMatching(new RegExp(`for \\d+ ms; ${message}`)),
    ]);
    expect(exhausted[0]?.details).toMatchObject({ unseen: 2 - taken.length });
  });
});

function fail(): never {
  throw new Error("the listener has failed");
}
