import { describe, expect, it } from "vitest";
import { deferred } from "../../kernel/index.ts";
import type { FailureRow } from "./failure.ts";
import { failureRow } from "./recovery-bench.ts";
import { RecoveryLedger } from "./recovery-ledger.ts";
import { memoryRecoveryStore, type RecoveryStore } from "./recovery-store.ts";

function ledgerOn(store: Partial<RecoveryStore>) {
  const told: string[] = [];
  const memory = memoryRecoveryStore();
  const ledger = new RecoveryLedger({ ...memory, ...store }, (message) => void told.push(message));
  return { ledger, told, memory };
}

describe("a ledger", () => {
  it("holds a thousand entries on a store that hangs: whoever waits for a lost one goes on", async () => {
    const { ledger, told } = ledgerOn({ putFailure: () => new Promise<void>(() => {}) });
    let ended = 0;
    for (let index = 0; index < 2500; index += 1) {
      void ledger.failure(failureRow(`flr_${index}`)).then(() => (ended += 1));
    }
    await new Promise(setImmediate);
    expect([ledger.waiting, ledger.lost, ended]).toEqual([1000, 1500, 1500]);
    expect(told).toEqual(["memory is away: recoveries go unwritten"]);
  });

  it("writes in order, also what comes while it writes and when it has just ended", async () => {
    const { ledger, memory } = ledgerOn({});
    await ledger.failure(failureRow("one")).then(() => ledger.failure(failureRow("two")));
    await Promise.all([ledger.failure(failureRow("three")), ledger.failure(failureRow("four"))]);
    const { failures } = await memory.read();
    expect(failures.map(({ eventId }) => eventId)).toEqual(["one", "two", "three", "four"]);
    expect(ledger.waiting).toBe(0);
  });

  it("keeps what a store does not take, also one that throws, and writes it with the next", async () => {
    const { promise: away, reject } = deferred<void>();
    const answers = [
      () => away,
      () => {
        throw new Error("closed");
      },
    ];
    const memory = memoryRecoveryStore();
    const { ledger, told } = ledgerOn({
      putFailure: (each) => answers.shift()?.() ?? memory.putFailure(each),
    });
    const first = ledger.failure(failureRow("one"));
    const second = ledger.failure(failureRow("two"));
    reject(new Error("away"));
    await Promise.all([first, second]);
    expect(ledger.waiting).toBe(2);
    await ledger.failure(failureRow("three"));
    expect(ledger.waiting).toBe(3);
    expect(await ledger.flush()).toBe(true);
    const { failures } = await memory.read();
    expect(failures.map(({ eventId }) => eventId)).toEqual(["one", "two", "three"]);
    expect(told).toEqual(["memory takes no recoveries: away", "memory takes recoveries again"]);
  });

  it("gives up what a store never takes, once it takes what came later, and tells it", async () => {
    const memory = memoryRecoveryStore();
    const refuse = (each: FailureRow): Promise<void> =>
      each.eventId === "bad" ? Promise.reject(new Error("no column")) : memory.putFailure(each);
    const { ledger, told } = ledgerOn({ putFailure: refuse });
    for (const id of ["bad", "one", "two", "three", "four"]) await ledger.failure(failureRow(id));
    expect([ledger.waiting, ledger.lost]).toEqual([0, 1]);
    const { failures } = await memory.read();
    expect(failures.map(({ eventId }) => eventId).toSorted()).toEqual(
      ["one", "two", "three", "four"].toSorted(),
    );
    expect(told).toEqual([
      "memory takes no recoveries: no column",
      "memory never takes one of the recoveries, which is left out: no column",
      "memory takes recoveries again",
    ]);
  });

  it("gives it up at the end, too, and nothing else of what waits", async () => {
    const memory = memoryRecoveryStore();
    const refuse = (each: FailureRow): Promise<void> =>
      each.eventId === "bad" ? Promise.reject(new Error("no column")) : memory.putFailure(each);
    const { ledger } = ledgerOn({ putFailure: refuse });
    for (const id of ["bad", "one"]) await ledger.failure(failureRow(id));
    expect(await ledger.flush()).toBe(true);
    const { failures } = await memory.read();
    expect(failures.map(({ eventId }) => eventId)).toEqual(["one"]);
  });

  it("gives up nothing while the store is away, however often it is asked", async () => {
    const memory = memoryRecoveryStore();
    let isAway = true;
    const asked: string[] = [];
    const { ledger } = ledgerOn({
      putFailure: (each) => {
        asked.push(each.eventId);
        return isAway ? Promise.reject(new Error("away")) : memory.putFailure(each);
      },
    });
    const ids = Array.from({ length: 40 }, (_, index) => `flr_${index}`);
    for (const id of ids) await ledger.failure(failureRow(id));
    expect(await ledger.flush()).toBe(false);
    expect([ledger.waiting, ledger.lost]).toEqual([40, 0]);
    // Forty times the first one, then at the end once more; and what is newest at 4, 8, 16, 32.
    expect(asked.filter((id) => id === "flr_0")).toHaveLength(41);
    expect(asked).toHaveLength(46);
    isAway = false;
    expect(await ledger.flush()).toBe(true);
    const { failures } = await memory.read();
    expect(failures.map(({ eventId }) => eventId)).toEqual(ids);
  });
});
