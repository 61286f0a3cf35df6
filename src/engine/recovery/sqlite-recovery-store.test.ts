import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { ActionRow, FailureEvent, FailureRow } from "./failure.ts";
import { failureRow } from "./recovery-bench.ts";
import { RecoveryEngine } from "./recovery-engine.ts";
import { sqliteRecoveryStore } from "./sqlite-recovery-store.ts";

const failure = (place: number): FailureRow => failureRow(`flr_${place}`, place);

const action = (place: number): ActionRow => ({
  actionId: `act_${place}`,
  failureEventId: `flr_${place}`,
  timestamp: place,
  actionType: "retry",
  actionStrategy: "retry",
  status: "initiated",
  automated: true,
  triggeredBy: "system",
  parameters: null,
  result: null,
  durationMs: null,
  completedAt: null,
});

describe("a store of recoveries in SQLite", () => {
  it("keeps the newest, with the attempts at them, however many there were", async () => {
    using database = new DatabaseSync(":memory:");
    const store = sqliteRecoveryStore(database, { rowsMax: 50 });
    for (let place = 0; place < 1000; place += 1) {
      await store.putFailure(failure(place));
      await store.putAction(action(place));
      await store.putFailure({ ...failure(place), resolved: true });
    }
    const { failures, actions } = await store.read();
    expect(failures.length).toBeGreaterThanOrEqual(50);
    expect(failures.length).toBeLessThanOrEqual(150);
    expect(actions.length).toBeLessThanOrEqual(failures.length);
    expect([failures.at(-1)?.eventId, actions.at(-1)?.actionId]).toEqual(["flr_999", "act_999"]);
    // What an earlier process has kept counts as well.
    const later = sqliteRecoveryStore(database, { rowsMax: 10 });
    await later.putFailure(failure(1000));
    expect((await later.read()).failures).toHaveLength(10);
    expect((await later.read()).failures[0]).toMatchObject({ eventId: "flr_991", resolved: true });
  });

  it("takes no rowsMax that is none", () => {
    expect(() => sqliteRecoveryStore("x.db", { rowsMax: 0 })).toThrow("rowsMax");
  });

  it("takes what code without types hands in, and all that comes after it", async () => {
    using database = new DatabaseSync(":memory:");
    const told: string[] = [];
    const tell = (message: string): void => void told.push(message);
    const recovery = new RecoveryEngine({ store: sqliteRecoveryStore(database), tell });
    const bare = { failureType: "timeout", affectedService: "db" };
    const odd = {
      ...bare,
      userId: { id: 7 },
      requestId: true,
      errorMessage: new Error("refused"),
      errorStack: Symbol("stack"),
    };
    for (const each of [bare, odd, bare]) {
      await recovery.handleFailure(each as unknown as FailureEvent).done;
    }
    const { failures } = await recovery.records();
    expect([failures.length, told]).toEqual([3, []]);
    expect(failures[0]).toMatchObject({
      failureCategory: "unknown",
      severity: "medium",
      detectionMethod: "unknown",
    });
    expect(failures[1]).toMatchObject({
      userId: '{"id":7}',
      requestId: "true",
      errorMessage: "refused",
    });
    await recovery.close();
  });
});
