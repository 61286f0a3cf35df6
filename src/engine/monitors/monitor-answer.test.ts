/** A1, A2: how monitors of others say how they are. */
import { expect, test } from "vitest";
import { readMonitorAnswer } from "./monitor-answer.ts";

const cases: readonly (readonly [said: unknown, status: string, message?: string])[] = [
  [true, "healthy"],
  [false, "unhealthy"],
  ["OK", "healthy"],
  ["warning", "degraded"],
  ["Down", "unhealthy"],
  [{ status: "up" }, "healthy"],
  [{ status: "degraded", message: "slow disk" }, "degraded", "slow disk"],
  [{ healthy: false, reason: "no route" }, "unhealthy", "no route"],
  [{ ok: true }, "healthy"],
  [{ ok: true, status: 200 }, "healthy"],
  [{ status: "ok", healthy: false }, "unhealthy"],
  [{ overall: "critical" }, "unhealthy"],
  [{ overall: { status: "warn" } }, "degraded"],
  [{ health: { ok: false, error: new Error("gone") } }, "unhealthy", "gone"],
  [{ isRunning: false }, "unhealthy", "it is not running"],
  [{ status: "ok", errors: ["an old one"] }, "healthy"],
  [{ status: "failed", errors: ["a new one"] }, "unhealthy", "a new one"],
  [{ issues: [] }, "healthy"],
  [{ issues: ["disk is full"] }, "degraded", "disk is full"],
  [{ checks: { db: { status: "down" }, web: "ok" } }, "unhealthy", "db: is unhealthy"],
  [{ checks: [{ name: "db", ok: false, message: "no" }] }, "unhealthy", "db: no"],
  [[], "healthy"],
  [["a", "b", "c"], "degraded", "a, and 2 more"],
  [[{ severity: "critical", message: "split brain" }], "unhealthy", "split brain"],
  [
    [
      { message: "x", resolved: true },
      { message: "y", active: false },
    ],
    "healthy",
  ],
  [[{ name: "db", status: "healthy" }], "healthy"],
  [new Error("boom"), "unhealthy", "boom"],
];

test.each(cases)("%j is %s", (said, status, message) => {
  expect(readMonitorAnswer(said)).toEqual({
    status,
    grasp: "understood",
    ...(message === undefined ? {} : { message }),
  });
});

test("what says nothing of health is silent, what nobody knows is strange, and neither is bad news (A2)", () => {
  const graspOf = (said: unknown): string => {
    const { status, grasp } = readMonitorAnswer(said);
    return `${status} ${grasp}`;
  };
  expect([undefined, null, { isRunning: true, errors: 7 }].map(graspOf)).toEqual([
    "healthy silent",
    "healthy silent",
    "healthy silent",
  ]);
  expect(["blue", 42, {}, { status: "blue" }, { uptime: 5 }].map(graspOf)).toEqual([
    "healthy strange",
    "healthy strange",
    "healthy strange",
    "healthy strange",
    "healthy strange",
  ]);
});

test("what cannot be read, goes in circles or is endless is an answer, too (A1)", () => {
  const circle: Record<string, unknown> = {};
  circle["status"] = circle;
  expect(readMonitorAnswer(circle).grasp).toBe("strange");
  const throwing = {
    get status(): string {
      throw new Error("not yet");
    },
  };
  expect(readMonitorAnswer(throwing)).toMatchObject({
    status: "unhealthy",
    message: "its answer cannot be read: not yet",
  });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  expect(readMonitorAnswer(revoked.proxy).status).toBe("unhealthy");
  const many = Array.from({ length: 100_000 }, () => "again");
  expect(readMonitorAnswer(many).message).toBe("again, and 999 more");
  expect(readMonitorAnswer({ status: "down", message: "x".repeat(1e6) }).message?.length).toBe(303);
});
