/** What the API has for other monitors: probes, health, metrics, predictions. */
import { execFile } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Incident, resourceId } from "../../src/model/index.ts";
import { ApiBench } from "./api-bench.ts";

let bench: ApiBench;

beforeAll(async () => {
  bench = await ApiBench.start();
  await bench.fallIll();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

test("livez, readyz and health say how it is, each in its own form", async () => {
  expect(await bench.ask("/livez")).toMatchObject({ status: 200, text: "ok\n" });
  expect((await bench.ask("/readyz?verbose")).text).toContain("[+]store ok");
  const health = await bench.ask("/health");
  expect(health.headers["content-type"]).toContain("application/health+json");
  const document = JSON.parse(health.text) as { status: string };
  expect(["pass", "warn", "fail"]).toContain(document.status);
  expect(health.status).toBe(document.status === "fail" ? 503 : 200);
});

test.each([
  ["low", "warn", 200],
  ["medium", "warn", 200],
  ["high", "fail", 503],
] as const)("a watched resource of severity %s that is away: %s", async (severity, word, code) => {
  await using other = await ApiBench.start();
  await other.house.advance(10_000);
  const [site, ...others] = other.house.resources();
  if (site === undefined) throw new Error("the fleet has a site");
  other.house.resources = () => [{ ...site, health: "unhealthy", severity }, ...others];
  const health = await other.ask("/health");
  const { status, checks } = JSON.parse(health.text) as {
    status: string;
    checks: Record<string, unknown[]>;
  };
  expect([status, health.status]).toEqual([word, code]);
  // What it is stands beside it, however little it matters.
  expect(checks[`${site.resource}:state`]?.[0]).toMatchObject({ status: "fail" });
});

test("a service that is called like a part of the daemon hides nothing of it", async () => {
  await using other = await ApiBench.start();
  await other.house.advance(10_000);
  const [first, second] = other.house.services();
  if (!first || !second) throw new Error("the fleet has three services");
  const named = (service: typeof first, name: string) => {
    return { ...service, name, resource: resourceId("service", name) };
  };
  other.house.services = () => [named(first, "store"), named(second, "loop")];
  const { checks } = (await other.json("/health")) as { checks: Record<string, unknown[]> };
  const keys = Object.keys(checks).filter((key) => /store|loop/.test(key));
  expect(keys.sort()).toEqual([
    "service/loop:state",
    "service/store:state",
    "soulmirror/loop:delayP99",
    "soulmirror/store:responseTime",
  ]);
  for (const key of Object.keys(checks)) expect(key).toMatch(/^[^:]+:[^:]+$/);
  expect(checks["soulmirror/store:responseTime"]?.[0]).toMatchObject({
    componentId: "soulmirror/store",
    componentType: "datastore",
    observedUnit: "ms",
  });
  const health = (await other.json("/api/v1/health")) as { checks: { name: string }[] };
  const names = health.checks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("a store that is away: not ready, but the present is still told", async () => {
  await using other = await ApiBench.start();
  await other.house.advance(10_000);
  Object.assign(other.house.store, { last: () => Promise.reject(new Error("disk full")) });
  expect(await other.ask("/readyz")).toMatchObject({ status: 503 });
  expect(await other.ask("/livez")).toMatchObject({ status: 200 });
  expect((await other.ask("/health")).status).toBe(503);
  expect((await other.ask("/api/v1/overview")).text).toContain("All 3 services are well.");
  expect((await other.ask("/")).text).toContain("All 3 services are well.");
});

test("a store that hangs is asked everything at once, so that the present is told after one deadline", async () => {
  await using other = await ApiBench.start();
  const { house } = other;
  await house.advance(10_000);
  const incidents = ["a", "b", "c"].map(
    (action): Incident => ({
      id: `inc-${action}`,
      openedAt: 0,
      cause: "instance/service-0.1",
      title: "t",
      severity: "high",
      failures: [],
      victims: [],
      state: { kind: "verifying", action },
      relapses: 0,
    }),
  );
  house.liveIncidents = () => incidents;
  const refusals: (() => void)[] = [];
  const never = () =>
    new Promise<never>((_, reject) => {
      refusals.push(() => reject(new Error("no answer")));
    });
  Object.assign(house.store, { last: never, actions: never });
  const overview = other.json("/api/v1/overview");
  await expect.poll(() => refusals.length).toBe(4);
  for (const refuse of refusals) refuse();
  expect(await overview).toMatchObject({ incidents, journal: { position: null } });
});

test("metrics pass promtool, and OpenMetrics is given to who asks for it", async () => {
  const plain = await bench.ask("/metrics");
  expect(plain.headers["content-type"]).toContain("version=0.0.4");
  expect(plain.text).toMatch(/^soulmirror_failures_total\{type="hang"\} 2$/m);
  expect(plain.text).toMatch(
    /^soulmirror_actions_total\{strategy="\w+",status="succeeded"\} \d+$/m,
  );
  expect(await promtool(plain.text)).toEqual({ code: 0, complaints: "" });
  const open = await bench.ask("/metrics", {
    headers: { accept: "application/openmetrics-text" },
  });
  expect(open.headers["content-type"]).toContain("application/openmetrics-text");
  expect(open.text.endsWith("# EOF\n")).toBe(true);
  expect(open.text).toContain("# TYPE soulmirror_failures counter\n");
});

test("metrics are compressed for who accepts it", async () => {
  const answer = await fetch(`${bench.api.url}/metrics`, {
    headers: { "accept-encoding": "gzip" },
  });
  expect(answer.headers.get("content-encoding")).toBe("gzip");
  expect(await answer.text()).toContain("soulmirror_service_up");
});

test("promtool would have complained", async () => {
  expect((await promtool("# TYPE a counter\na 1\n")).complaints).toContain("_total");
});

test("reliability predicts what moves towards a limit, and tells of one thing once", async () => {
  await using other = await ApiBench.start();
  const { house } = other;
  await house.advance(20_000);
  const resource = "instance/service-1.1";
  let value = 10;
  const leakFor = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 5) {
      value += 5;
      const sample = { series: "descriptors", value, unit: "count", limit: 1000 } as const;
      house.world.observe(resource, { kind: "samples", samples: [sample] });
      await house.advance(5000);
    }
  };
  await leakFor(650);
  const early = (await other.json("/reliability")) as { predictions: readonly Prediction[] };
  expect(early).toMatchObject({
    timestamp: expect.stringMatching(/^\d{4}-/) as unknown,
    systems: { "service-1": { kind: "service" } },
    predictions: [{ resource, type: "descriptors_trend", severity: "high" }],
  });
  // One a second: 340 are left.
  const leftMs = (early.predictions[0]?.expectedAt ?? 0) - house.clock.now().wallMs;
  expect(leftMs).toBeGreaterThan(300_000);
  expect(leftMs).toBeLessThan(380_000);
  expect(house.openFailures()).toEqual([]);

  // Near enough to be a failure, which is about the same thing.
  house.request({ kind: "mode", scope: "fleet", mode: "monitor", by: "test" });
  await leakFor(290);
  const late = (await other.json("/reliability")) as { predictions: readonly Prediction[] };
  expect(late.predictions).toMatchObject([{ resource, type: "descriptor_exhaustion" }]);
  expect(late.predictions[0]?.expectedAt).toBeLessThan(house.clock.now().wallMs + 60_000);
});

interface Prediction {
  readonly expectedAt?: number;
}

function promtool(text: string): Promise<{ code: number; complaints: string }> {
  return new Promise((resolve) => {
    const child = execFile("promtool", ["check", "metrics"], (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : 0;
      resolve({ code, complaints: `${stdout}${stderr}` });
    });
    child.stdin?.end(text);
  });
}
