/** What every store of failures and attempts promises (`src/engine/recovery/recovery-store.ts`). */
import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type ActionRow,
  type FailureRow,
  fileRecoveryStore,
  memoryRecoveryStore,
  type RecoveryStore,
  sqliteRecoveryStore,
} from "../../src/engine/recovery/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const failure: FailureRow = {
  eventId: "flr_1",
  timestamp: 1_700_000_000_000,
  failureCategory: "external_dependency",
  failureType: "api_timeout",
  severity: "critical",
  affectedService: "llm:openai'; --",
  errorMessage: "timed out\nafter 30 s",
  errorStack: null,
  context: { model: "x", nested: [1, null, "ü"] },
  detectionMethod: "exception",
  userId: null,
  requestId: "r-1",
  resolved: false,
  resolvedAt: null,
};

const action: ActionRow = {
  actionId: "act_1",
  failureEventId: "flr_1",
  timestamp: 1_700_000_000_001,
  actionType: "retry",
  actionStrategy: "exponential_backoff_retry",
  status: "initiated",
  automated: true,
  triggeredBy: "system",
  parameters: { model: "x" },
  result: null,
  durationMs: null,
  completedAt: null,
};

interface Scene {
  /** Again: as after a restart. */
  open(): RecoveryStore;
  readonly folder: string;
}

function scene(open: (folder: string) => RecoveryStore): Scene {
  const folder = temporaryFolder("recovery");
  return { folder, open: () => open(folder) };
}

const memory = memoryRecoveryStore();
const stores: readonly (readonly [name: string, begin: () => Scene])[] = [
  ["memory", () => scene(() => memory)],
  ["file", () => scene((folder) => fileRecoveryStore(join(folder, "deep", "recovery.jsonl")))],
  ["SQLite", () => scene((folder) => sqliteRecoveryStore(join(folder, "soulmirror.db")))],
];

describe.each(stores)("failures and attempts: %s", (_name, begin) => {
  test("come back as they were put, after a restart, too; the same again replaces them", async () => {
    const place = begin();
    const first = place.open();
    await first.putFailure(failure);
    await first.putAction(action);
    await first.putAction({ ...action, actionId: "act_2" });
    const done = { status: "succeeded", result: { message: "ok" }, durationMs: 5 } as const;
    await first.putAction({ ...action, ...done, completedAt: 6 });
    await first.putFailure({ ...failure, resolved: true, resolvedAt: 7 });
    await first.close?.();
    const second = place.open();
    expect(await second.read()).toEqual({
      failures: [{ ...failure, resolved: true, resolvedAt: 7 }],
      actions: [
        { ...action, ...done, completedAt: 6 },
        { ...action, actionId: "act_2" },
      ],
    });
    await second.close?.();
  });
});

describe("a file of recoveries", () => {
  test("skips what a crash left half written, and goes on behind it", async () => {
    const place = scene((folder) => fileRecoveryStore(join(folder, "recovery.jsonl")));
    await place.open().putFailure(failure);
    appendFileSync(join(place.folder, "recovery.jsonl"), '{"kind":"action","row":{"act');
    await place.open().putAction(action);
    expect(await place.open().read()).toEqual({ failures: [failure], actions: [action] });
  });

  test("is bounded: two of them at most, the newest entries first of all", async () => {
    const place = scene((folder) =>
      fileRecoveryStore(join(folder, "recovery.jsonl"), { maxBytes: 4000 }),
    );
    const store = place.open();
    for (let index = 0; index < 50; index += 1) {
      await store.putFailure({ ...failure, eventId: `flr_${index}` });
    }
    const { failures } = await store.read();
    expect(failures.length).toBeLessThan(25);
    expect(failures.at(-1)?.eventId).toBe("flr_49");
    expect(statSync(join(place.folder, "recovery.jsonl")).size).toBeLessThanOrEqual(4000);
  });

  test("takes what many put at once, in their order", async () => {
    const place = scene((folder) => fileRecoveryStore(join(folder, "recovery.jsonl")));
    const store = place.open();
    const ids = Array.from({ length: 30 }, (_, index) => `flr_${index}`);
    await Promise.all(ids.map((eventId) => store.putFailure({ ...failure, eventId })));
    const { failures } = await store.read();
    expect(failures.map(({ eventId }) => eventId)).toEqual(ids);
  });
});
