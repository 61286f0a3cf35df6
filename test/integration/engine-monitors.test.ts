/** Monitors of others, by real time, files and a real collector. */
import { EventEmitter } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { createEngine } from "../../src/public/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { Collector } from "./otlp-collector.ts";

afterEach(() => {
  delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
});

test("what a monitor finds goes to a collector, as a log record and as metrics, without secrets", async () => {
  await using collector = await Collector.start();
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url;
  const silentErrors = new EventEmitter();
  const engine = createEngine({ service: "shop", monitors: { silentErrors } });
  silentErrors.emit("incident", new Error("postgres://bob:pass@db does not answer"));
  await engine.getSystemHealth();
  await engine.close();
  const log = collector.logs.find(({ eventName }) => eventName === "soulmirror.monitor");
  expect(log).toMatchObject({
    severityText: "ERROR",
    body: { stringValue: "the monitor silentErrors: postgres://***@db does not answer" },
  });
  expect(log?.attributes).toContainEqual({
    key: "soulmirror.monitor.status",
    value: { stringValue: "unhealthy" },
  });
  const metricOf = (name: string): string =>
    JSON.stringify(collector.metrics.find((metric) => metric.name === name));
  expect(metricOf("soulmirror.monitor.status")).toContain('"asDouble":2');
  expect(metricOf("soulmirror.monitor.alerts")).toContain('"asDouble":1');
  expect(collector.complaints).toEqual([]);
});

test("a file that says so lets go of monitors while the engine runs, and takes them in again", async () => {
  const folder = temporaryFolder("engine-monitors");
  const config = join(folder, ".reliability-config.json");
  const write = (enhanceExistingMonitors: boolean): void =>
    writeFileSync(config, JSON.stringify({ integration: { enhanceExistingMonitors } }));
  write(true);
  const emitter = new EventEmitter();
  const engine = createEngine({ config, monitors: { emitter } });
  afterwards(() => engine.close());
  expect(engine.monitors[0]?.isHeard).toBe(true);
  write(false);
  await until(() => engine.monitors[0]?.isHeard === false, { seen: () => engine.monitors });
  expect(emitter.eventNames()).toEqual([]);
  expect(engine.health.names()).not.toContain("monitor:emitter");
  write(true);
  await until(() => engine.monitors[0]?.isHeard === true, { seen: () => engine.monitors });
  emitter.emit("alert", "again");
  expect(engine.predictIssues()[0]?.message).toBe("monitor:emitter is degraded: again");
});

test("a module is taken as it is, by its default export", async () => {
  const folder = temporaryFolder("engine-monitors");
  const file = join(folder, "cache-monitor.mjs");
  const status = `{ status: "warning", message: "the cache is cold" }`;
  writeFileSync(file, `export default { getStatus: () => (${status}) };`);
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as object;
  const engine = createEngine({ healthMonitor: module });
  const { checks } = await engine.getSystemHealth();
  expect(checks.find(({ name }) => name === "monitor:healthMonitor")).toMatchObject({
    status: "degraded",
    message: "the cache is cold",
  });
  await engine.close();
});
