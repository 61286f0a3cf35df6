import { expect, test } from "vitest";
import { type FleetSeen, unrestOf } from "./unrest.ts";

type Service = FleetSeen["services"][number];
type Incident = FleetSeen["live"][number];

const nowMs = 100_000;
const instance = { startedAt: nowMs - 6000 };
const service = (changes: Partial<Service> = {}): Service => ({
  name: "shop",
  state: "healthy",
  reason: null,
  instances: [instance],
  ...changes,
});
const incident = (state: Incident["state"]): Incident => ({
  id: "inc-1",
  cause: "service/shop",
  state,
});
const calm: FleetSeen = {
  services: [service()],
  live: [],
  underWay: [],
  last: incident({ kind: "resolved", at: nowMs - 6000, by: "restart" }),
  nowMs,
};

test("a fleet is calm when all is well and was so for a while", () => {
  expect(unrestOf(calm)).toBeUndefined();
  expect(unrestOf({ ...calm, last: undefined })).toBeUndefined();
});

test.each<[string, Partial<FleetSeen>, string]>([
  [
    "a service that is not well",
    { services: [service(), service({ name: "web", state: "unhealthy", reason: "it is ill" })] },
    "web is unhealthy: it is ill",
  ],
  ["one without a reason", { services: [service({ state: "starting" })] }, "shop is starting"],
  [
    "a young process",
    { services: [service({ instances: [instance, { startedAt: nowMs - 5999 }] })] },
    "shop was started a moment ago",
  ],
  [
    "no process",
    { services: [service({ instances: [{ startedAt: null }] })] },
    "shop was started a moment ago",
  ],
  [
    "an incident",
    { live: [incident({ kind: "open" })] },
    "incident inc-1 of service/shop is not over",
  ],
  [
    "an action",
    { underWay: [{ plan: { strategy: "restart", resource: "service/shop" } }] },
    "restart is under way at service/shop",
  ],
  [
    "an incident that is over, but not for long",
    { last: incident({ kind: "resolved", at: nowMs - 5999, by: "restart" }) },
    "incident inc-1 of service/shop was over a moment ago",
  ],
])("%s is unrest, and said", (_, changes, said) => {
  expect(unrestOf({ ...calm, ...changes })).toBe(said);
});
