/** The API on a real socket: every route against its schema, who may call it, and its errors. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createTRPCClient, httpLink } from "@trpc/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { ApiRouter } from "../../src/api/index.ts";
import type { Procedure } from "../../src/api/procedures/procedure.ts";
import { type Procedures, procedures } from "../../src/api/procedures/table.ts";
import type { Entry } from "../../src/model/index.ts";
import { type Answer, ApiBench, token } from "./api-bench.ts";

interface Sample {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

let bench: ApiBench;
let samples: Readonly<Record<keyof Procedures, Sample>>;

beforeAll(async () => {
  bench = await ApiBench.start();
  await bench.fallIll();
  samples = await makeSamples();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

/** One call that must succeed for each procedure; a procedure without a sample does not compile. */
async function makeSamples(): Promise<typeof samples> {
  const { house } = bench;
  const [failed] = await house.store.failures({ limit: 1 });
  const [acted] = await house.store.actions({ limit: 1 });
  const waiting = house
    .actionsUnderWay()
    .find((each) => each.status.kind === "waiting_for_approval");
  const site = { kind: "http", name: "site-0" };
  const instance = { kind: "instance", name: "service-0.1" };
  house.steering.join("service-0", "one", { send: () => {}, end: () => {} });
  return {
    overview: {},
    health: {},
    reliability: {},
    engines: { query: "?service=shop" },
    errorsShared: {},
    steeredEngines: {},
    steerEngines: { body: { service: "service-0", isolate: { operation: "x", reason: "y" } } },
    engineStand: {
      body: { service: "service-0", instance: "one", version: 0, mode: "full", open: [] },
    },
    services: {},
    service: { path: { name: "service-0" } },
    restartService: { path: { name: "service-0" }, body: { instance: 2 } },
    stopService: { path: { name: "service-1" } },
    startService: { path: { name: "service-1" } },
    resources: {},
    resource: { path: site },
    heartbeat: { path: { kind: "heartbeat", name: "backup" } },
    diagnostics: { path: instance },
    logs: { path: instance, query: "?lines=2" },
    incidents: { query: "?live=true" },
    incident: { path: { id: house.liveIncidents()[0]?.id ?? "none" } },
    failures: { query: "?resolved=false&limit=5" },
    failure: { path: { eventId: failed?.eventId ?? "none" } },
    actions: { query: "?limit=3" },
    actionsUnderWay: {},
    action: { path: { id: acted?.actionId ?? "none" } },
    approveAction: { path: { id: waiting?.id ?? "none" } },
    dismissAction: { path: { id: waiting?.id ?? "none" } },
    mode: {},
    setMode: { body: { scope: "service-1", mode: "monitor" } },
    down: {},
    journal: { query: "?limit=20" },
    metricsSeries: {},
    baselines: {},
    breakers: {},
    healing: { query: "?hours=1" },
    config: {},
    configDiff: {},
    configKey: { path: { key: "mode" } },
  };
}

async function call(name: keyof Procedures, given?: string) {
  const { path = {}, query = "", body } = samples[name];
  const { method, path: pattern } = procedures[name];
  const target = pattern.replaceAll(/:(\w+)/g, (_, key: string) =>
    encodeURIComponent(path[key] ?? ""),
  );
  return await bench.ask(`${target}${query}`, { method, token: given, body });
}

const names = Object.keys(procedures) as (keyof Procedures)[];

describe("every procedure", () => {
  test.each(names)("%s answers according to its schema and the document", async (name) => {
    const answer = await call(name, token);
    const procedure: Procedure = procedures[name];
    expect([answer.status, answer.text]).toEqual([procedure.status ?? 200, expect.anything()]);
    const body: unknown = JSON.parse(answer.text);
    // Equal after parsing: it says nothing that the schema does not declare.
    expect(procedure.output.parse(body)).toEqual(body);
    const shape = (await operation(name)).responses[String(answer.status)]?.content[
      "application/json"
    ];
    expect(z.fromJSONSchema(shape?.schema ?? {}).parse(body)).toEqual(body);
  });

  test.each(names)("%s lets in whom it should", async (name) => {
    const { access } = procedures[name];
    const isOpen = access === "read" || access === "report";
    const without = await call(name);
    const wrong = await call(name, "another-token-0123456789abc");
    expect(without.status).toBe(isOpen ? ((procedures[name] as Procedure).status ?? 200) : 401);
    expect([401, 429]).toContain(wrong.status);
    if (!isOpen)
      expect(JSON.parse(without.text)).toMatchObject({ error: { code: "NOT_AUTHORIZED" } });
    expect((await call(name, token)).status).toBeLessThan(300);
  });

  test("what needs the token is what acts, logs, diagnostics and configuration", () => {
    const guarded = names.filter((name) => ["act", "sensitive"].includes(procedures[name].access));
    expect(guarded.sort()).toEqual([
      "approveAction",
      "config",
      "configDiff",
      "configKey",
      "diagnostics",
      "dismissAction",
      "down",
      "logs",
      "restartService",
      "setMode",
      "startService",
      "steerEngines",
      "stopService",
    ]);
  });
});

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { content: Record<string, { schema: Parameters<typeof z.fromJSONSchema>[0] }> }>
  >;
}

async function operation(name: string): Promise<Operation> {
  const document = (await bench.json("/api/v1/openapi.json")) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const all = Object.values(document.paths).flatMap((each) => Object.values(each));
  const found = all.filter(({ operationId }) => operationId === name);
  expect(found).toHaveLength(1);
  return found[0] as Operation;
}

describe("requests", () => {
  test("errors name their code and their fix", async () => {
    expect(await bench.json("/api/v1/services/nobody")).toEqual({
      error: {
        code: "NOT_FOUND",
        message: "the fleet has no service nobody",
        fix: "services: service-0, service-1, service-2",
      },
    });
    expect((await bench.ask("/api/v1/failures?limit=0")).status).toBe(400);
    expect((await bench.ask("/api/v1/nothing")).status).toBe(404);
    expect(
      (await bench.ask("/api/v1/actions/act_none/approve", { method: "POST", token })).status,
    ).toBe(404);
  });

  test("pages follow one another by their Link header", async () => {
    const seen: number[] = [];
    let next: string | undefined = "/api/v1/actions?limit=2";
    while (next !== undefined) {
      const page = await bench.ask(next);
      seen.push(...(JSON.parse(page.text) as { id: number }[]).map(({ id }) => id));
      next = /^<(.+)>; rel="next"$/.exec(String(page.headers["link"] ?? ""))?.[1];
    }
    const rows = await bench.house.store.actions({ limit: 500 });
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  test("a body that is too large, no JSON or a form is refused", async () => {
    const post = { method: "POST", token };
    const large = await bench.ask("/api/v1/mode", {
      ...post,
      body: { scope: "x".repeat(100_000) },
    });
    expect(large.status).toBe(413);
    const form = { ...post, headers: { "content-type": "application/x-www-form-urlencoded" } };
    expect((await bench.ask("/api/v1/mode", { ...form, body: {} })).status).toBe(415);
    const list = await bench.ask("/api/v1/mode", { ...post, body: [] });
    expect(list.status).toBe(400);
  });

  test("a wish reaches the loop, and the loop acts on it", async () => {
    await using other = await ApiBench.start();
    await other.house.advance(10_000);
    const before = other.house.world.current.get("instance/service-1.1");
    const path = "/api/v1/services/service-1/restart";
    expect((await other.ask(path, { method: "POST", token })).status).toBe(202);
    await other.house.advance(5000);
    expect(other.house.requests).toEqual([
      { kind: "restart", resource: "service/service-1", by: "token" },
    ]);
    expect(other.house.world.current.get("instance/service-1.1")).not.toBe(before);
    other.house.isFull = true;
    const busy = await other.ask(path, { method: "POST", token });
    expect([busy.status, busy.headers["retry-after"]]).toEqual([503, "1"]);
  });

  test("the seed's shape of health comes over tRPC, and so do errors", async () => {
    const client = createTRPCClient<ApiRouter>({
      links: [httpLink({ url: `${bench.api.url}/trpc` })],
    });
    const health = await client.health.query();
    expect(Object.keys(health).sort()).toEqual(["checks", "overall", "timestamp"]);
    expect(health.checks.map(({ name }) => name)).toContain("service/service-0");
    expect((await client.failures.query({ limit: 1 })).length).toBe(1);
    await expect(client.stopService.mutate({ name: "service-0" })).rejects.toThrow(
      "NOT_AUTHORIZED",
    );
    const trusted = createTRPCClient<ApiRouter>({
      links: [
        httpLink({ url: `${bench.api.url}/trpc`, headers: { authorization: `Bearer ${token}` } }),
      ],
    });
    expect(await trusted.configKey.query({ key: "mode" })).toMatchObject({ key: "mode" });
    await expect(trusted.service.query({ name: "nobody" })).rejects.toThrow("NOT_FOUND");
  });

  test("without its package tRPC is a 404 that says what to install; the rest works", async () => {
    const script = new URL("./api-without-trpc.ts", import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    const { trpc, rest } = JSON.parse(stdout) as { trpc: Answer; rest: Answer };
    expect(trpc.status).toBe(404);
    expect(trpc.text).toContain("npm install @trpc/server");
    expect(rest.status).toBe(200);
  });

  test("callers without the token see no headers, bodies, commands or diagnostics", async () => {
    await bench.house.write([sayingAction(bench.house)]);
    const last = await bench.house.store.last();
    // What steps report is the end of a log, among others; it stands in entries and in rows.
    const before = `/api/v1/journal?after=${(last?.position ?? 1) - 1}`;
    for (const each of [before, "/api/v1/actions?limit=1", "/api/v1/actions/act_told"]) {
      expect((await bench.ask(each)).text).not.toContain("card 4222");
      expect((await bench.ask(each, { token })).text).toContain("card 4222");
    }
  });
});

/** An action whose second step has brought lines of a log. */
function sayingAction(house: ApiBench["house"]): Entry {
  const step = { kind: "collect", resource: "instance/service-0.1", parameters: {}, deadlineMs: 1 };
  const plan = {
    id: "plan_told",
    strategy: "restart",
    resource: step.resource,
    cause: { kind: "person", by: "a test" },
    reason: "a test",
    steps: [step],
    irreversible: false,
    reverts: false,
  } as const;
  const { wallMs, monotonicMs } = house.clock.now();
  const done = [{ step: 0, detail: "last 1 lines of its log:\ncard 4222" }];
  const status = { kind: "succeeded", elapsedMs: 1 } as const;
  return {
    kind: "action",
    action: { id: "act_told", plan, at: wallMs, status, done, begunMs: monotonicMs },
  } as Entry;
}
