/** What the package promises by name, on its public doors: circuits, recovery, and their tables. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CircuitBreakerError,
  CircuitBreakerRegistry,
  RecoveryEngine,
  sqliteRecoveryStore,
  sqliteStateStore,
} from "../../src/public/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { engineOf, open, withCode } from "./engine-rows-bench.ts";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder("engine-rows");
});

/** The names of a table's columns. */
function columnsOf(database: DatabaseSync, table: string): readonly unknown[] {
  return database
    .prepare(`pragma table_info(${table})`)
    .all()
    .map((column) => column["name"]);
}

describe("E13: circuits", () => {
  test("five failures open one, with the limits of the row, and the next process begins with it", async () => {
    const path = join(folder, "circuits.db");
    const before = new CircuitBreakerRegistry({ store: sqliteStateStore(path) });
    const circuit = before.getOrCreate("llm:openai");
    const fails = () => Promise.reject(withCode("ECONNREFUSED"));
    for (let call = 1; call <= 5; call += 1) {
      expect(circuit.getState().state).toBe("closed");
      await expect(circuit.execute(fails)).rejects.toThrow("it is ECONNREFUSED");
    }
    await expect(circuit.execute(fails)).rejects.toBeInstanceOf(CircuitBreakerError);
    await before.close();
    const database = open(path);
    expect(columnsOf(database, "circuit_breaker_states")).toEqual(circuitColumns);
    const [row] = database.prepare("select * from circuit_breaker_states").all();
    expect(row).toMatchObject({ circuit_name: "llm:openai", state: "open", failure_count: 5 });
    expect(JSON.parse(String(row?.["configuration"]))).toMatchObject({
      failureThreshold: 5,
      successThreshold: 2,
      timeout: 30_000,
      resetTimeout: 60_000,
    });
    expect(Number(row?.["next_retry_at"]) - Number(row?.["opened_at"])).toBeCloseTo(60_000, -1);
    const after = new CircuitBreakerRegistry({ store: sqliteStateStore(path) });
    afterwards(() => after.close());
    const again = after.getOrCreate("llm:openai");
    await expect(again.execute(() => Promise.resolve(1))).rejects.toThrow(CircuitBreakerError);
    expect([after.get("llm:openai"), [...after.getAll().keys()]]).toEqual([again, ["llm:openai"]]);
  });
});

describe("E16, E17: recovery and its tables", () => {
  test("strategies are tried by priority; what was done is in the tables, as the seed has them", async () => {
    const path = join(folder, "recoveries.db");
    const recovery = new RecoveryEngine({ store: sqliteRecoveryStore(path) });
    expect(recovery.strategies.map(({ name, priority }) => [name, priority])).toEqual([
      ["exponential_backoff_retry", 1],
      ["provider_failover", 2],
    ]);
    const tried: string[] = [];
    for (const [name, priority] of [
      ["last", 9],
      ["first", 0.5],
    ] as const) {
      recovery.registerStrategy({
        name,
        priority,
        applicableFailureTypes: ["pool_dead"],
        actionType: "reconnect",
        execute: () => {
          tried.push(name);
          return { success: name === "last", message: name, isProof: true };
        },
      });
    }
    const outcomes = [];
    for (const severity of ["low", "medium", "high", "critical"] as const) {
      const { done } = recovery.handleFailure({
        failureCategory: "external_dependency",
        failureType: "pool_dead",
        severity,
        affectedService: "db",
        detectionMethod: "threshold",
      });
      outcomes.push((await done).kind);
    }
    expect(outcomes).toEqual(["resolved", "resolved", "resolved", "resolved"]);
    expect(tried.slice(0, 2)).toEqual(["first", "last"]);
    await recovery.close();
    const database = open(path);
    expect(columnsOf(database, "failure_events")).toEqual(failureColumns);
    expect(columnsOf(database, "recovery_actions")).toEqual(actionColumns);
    const failures = database.prepare("select severity, resolved from failure_events").all();
    expect(failures).toEqual([
      { severity: "low", resolved: 1 },
      { severity: "medium", resolved: 1 },
      { severity: "high", resolved: 1 },
      { severity: "critical", resolved: 1 },
    ]);
    const actions = database.prepare("select * from recovery_actions order by id limit 2").all();
    expect(actions).toMatchObject([
      { action_strategy: "first", action_type: "reconnect", status: "failed", automated: 1 },
      { action_strategy: "last", status: "succeeded", triggered_by: "system" },
    ]);
  });
});

describe("E17: all five tables", () => {
  test("`database` keeps failures, recoveries, circuits, metrics and baselines in one file", async () => {
    const path = join(folder, "reliability.db");
    const engine = engineOf({ database: path, autoRetry: false });
    let isDown = true;
    const raw = {
      async send() {
        if (isDown) throw withCode("ECONNRESET");
        return "sent";
      },
      reconnect: () => void (isDown = false),
    };
    const check = () => (isDown ? ("unhealthy" as const) : ("healthy" as const));
    const mail = engine.registerService("mail", raw, { check, recoveryStrategy: "reconnect" });
    const healed = new Promise((resolve) => engine.on("recovery_success", resolve));
    for (let call = 0; call < 5; call += 1) await mail.send().catch(() => undefined);
    await healed;
    expect(await mail.send()).toBe("sent");
    const depth = { metricType: "queue", metricName: "depth", unit: "items", source: "mail" };
    for (let value = 1; value <= 101; value += 1) engine.record({ ...depth, value });
    await engine.getSystemHealth();
    await engine.close();
    const database = open(path);
    const rowsOf = (table: string, where = "true") =>
      database.prepare(`select * from ${table} where ${where}`).all();
    expect(rowsOf("failure_events")).toMatchObject([
      { affected_service: "mail", failure_type: "connection_reset", severity: "high", resolved: 1 },
    ]);
    expect(rowsOf("recovery_actions")).toMatchObject([
      { action_strategy: "reconnect", status: "succeeded", failure_event_id: 1 },
    ]);
    expect(rowsOf("circuit_breaker_states")).toMatchObject([{ circuit_name: "mail.send" }]);
    expect(columnsOf(database, "system_health_metrics")).toEqual(metricColumns);
    expect(rowsOf("system_health_metrics", "metric_name = 'depth'")).toHaveLength(101);
    expect(
      rowsOf("system_health_metrics", "metric_name = 'mail.send.failure_count'"),
    ).toMatchObject([{ metric_type: "operation", value: 5, unit: "count", source: "mail.send" }]);
    const [overall] = rowsOf("system_health_metrics", "metric_name = 'overall_health'");
    expect(overall).toMatchObject({ unit: "status", source: "health_monitor" });
    expect(columnsOf(database, "system_health_baselines")).toEqual(baselineColumns);
    const usual = rowsOf("system_health_baselines", "metric_name = 'depth'");
    expect(usual.map((row) => row["time_window"])).toEqual(["1h", "24h", "7d"]);
    expect(usual[0]).toMatchObject({ sample_count: 101, min: 1, max: 101 });
    expect(usual[0]?.["median"]).toBeCloseTo(51, -1);
  });
});

const metricColumns =
  "id timestamp metric_type metric_name value unit tags source created_at".split(" ");
const baselineColumns = (
  "id metric_type metric_name source time_window mean median std_dev p50 p95 p99 min max " +
  "sample_count calculated_at valid_until created_at"
).split(" ");
const circuitColumns = (
  "id circuit_name state failure_count success_count last_failure_at last_success_at " +
  "opened_at next_retry_at configuration updated_at created_at"
).split(" ");
const failureColumns = (
  "id event_id timestamp failure_category failure_type severity affected_service error_message " +
  "error_stack context detection_method user_id request_id resolved resolved_at created_at"
).split(" ");
const actionColumns = (
  "id action_id failure_event_id timestamp action_type action_strategy status automated " +
  "triggered_by parameters result duration_ms completed_at created_at"
).split(" ");
