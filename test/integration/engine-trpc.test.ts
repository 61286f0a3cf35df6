import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createTRPCClient, httpLink } from "@trpc/client";
import { initTRPC, TRPCError, type TRPCMiddlewareFunction } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import { z } from "zod";
import {
  HealthCheckRegistry,
  type HealthReport,
  healthQuery,
} from "../../src/engine/health/index.ts";
import { currentRequestIds } from "../../src/engine/request-ids.ts";
import { trpcMiddleware } from "../../src/engine/trpc/index.ts";
import { createClassify } from "../../src/resilience/classify/classify.ts";
import type { Judgement } from "../../src/resilience/index.ts";
import { until } from "../until.ts";
import { RecordingEngine } from "./recording-engine.ts";

interface Context {
  readonly user: string;
  readonly request: string;
}

const t = initTRPC.context<Context>().create();

function build(options: Parameters<typeof trpcMiddleware<Context>>[1] = {}) {
  const engine = new RecordingEngine();
  const measured = t.procedure.use(trpcMiddleware<Context>(engine, options));
  const health = new HealthCheckRegistry({ freshForMs: 0 });
  const more = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const router = t.router({
    user: t.router({
      byId: measured.input(z.object({ id: z.number() })).query(({ ctx, input }) => {
        expectTypeOf(ctx.user).toEqualTypeOf<string>();
        expectTypeOf<keyof typeof ctx>().toEqualTypeOf<keyof Context>();
        seen.push(currentRequestIds());
        return { id: input.id, by: ctx.user };
      }),
      rename: measured.mutation(() => "renamed"),
    }),
    fail: measured.input(z.string()).query(({ input }) => {
      if (input === "refused") {
        throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      }
      if (input === "bug") throw new TypeError("x is not a function");
      throw new TRPCError({ code: input as TRPCError["code"], message: `it is ${input}` });
    }),
    ticks: measured.subscription(async function* ticks() {
      yield 1;
      await more.promise;
      yield 2;
    }),
    brokenTicks: measured.subscription(async function* brokenTicks() {
      yield 1;
      throw new Error("the queue is gone");
    }),
    health: t.procedure.query(healthQuery(health)),
  });
  const caller = t.createCallerFactory(router)({ user: "ann", request: "r1" });
  return { engine, router, caller, health, more, seen };
}

async function serve(router: ReturnType<typeof build>["router"]): Promise<string> {
  const server = createHTTPServer({
    router,
    createContext: () => ({ user: "ann", request: "r1" }),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the operation is trpc.<path>, and results are what they were (T1)", async () => {
  const { engine, router } = build();
  const url = await serve(router);
  const client = createTRPCClient<typeof router>({ links: [httpLink({ url })] });
  expect(await client.user.byId.query({ id: 7 })).toEqual({ id: 7, by: "ann" });
  expectTypeOf(client.user.byId.query).returns.resolves.toEqualTypeOf<{ id: number; by: string }>();
  expect(await client.user.rename.mutate()).toBe("renamed");
  expect(engine.calls.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ["trpc.user.byId", "succeeded"],
    ["trpc.user.rename", "succeeded"],
  ]);
});

const classify = createClassify(() => Date.now());

test.each<readonly [string, Partial<Judgement>]>([
  ["BAD_REQUEST", { category: "trpc_error", isFault: false }],
  ["UNAUTHORIZED", { category: "auth", isFault: false }],
  ["NOT_FOUND", { category: "trpc_error", isFault: false }],
  ["TOO_MANY_REQUESTS", { category: "rate_limit" }],
  ["INTERNAL_SERVER_ERROR", { category: "trpc_error", isFault: true }],
  ["bug", { category: "trpc_error", isFault: true }],
  ["refused", { category: "connection_refused", isFault: true }],
  ["CLIENT_CLOSED_REQUEST", { category: "cancelled", isFault: false }],
])(
  "T3: a procedure that fails with %s is judged by it, and the caller gets tRPC's error",
  async (input, judgement) => {
    const { engine, caller } = build();
    await expect(caller.fail(input)).rejects.toBeInstanceOf(TRPCError);
    const [call] = engine.calls;
    expect(call).toMatchObject({ operation: "trpc.fail", outcome: "failed" });
    expect(classify(call?.error)).toMatchObject(judgement);
  },
);

test("T3: input that does not fit is the caller's fault", async () => {
  const { engine, caller } = build();
  await expect(caller.user.byId({ id: "x" as unknown as number })).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
  expect(classify(engine.calls[0]?.error)).toMatchObject({ isFault: false });
});

test("T2: a subscription lasts until its last item, over the wire", async () => {
  const { engine, router, more } = build();
  const url = await serve(router);
  const response = await fetch(`${url}/ticks`, { headers: { accept: "text/event-stream" } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const isSent = async (): Promise<boolean> => {
    text += (await reader?.read())?.value ?? "";
    return text.includes("data: 1");
  };
  await until(isSent, { seen: () => text });
  expect(engine.calls[0]).toMatchObject({ operation: "trpc.ticks", outcome: "in flight" });
  more.resolve();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    text += part.value;
  }
  expect(text).toContain("data: 2");
  expect(engine.calls[0]?.outcome).toBe("succeeded");
});

test("T2: a subscription that breaks fails, one that its reader leaves has done its work", async () => {
  const { engine, caller } = build();
  const broken = await caller.brokenTicks();
  await expect(drain(broken)).rejects.toThrow("the queue is gone");
  expect(engine.calls[0]?.outcome).toBe("failed");
  for await (const item of await caller.ticks()) {
    expect(item).toBe(1);
    break;
  }
  expect(engine.calls[1]?.outcome).toBe("succeeded");
});

test("ids are read from the context and carried when asked", async () => {
  const { engine, caller, seen } = build({
    ids: ({ ctx, path }) => ({ requestId: `${ctx.request}:${path}`, userId: ctx.user }),
    carryIds: true,
  });
  await caller.user.byId({ id: 1 });
  const ids = { requestId: "r1:user.byId", userId: "ann" };
  expect(engine.calls[0]?.ids).toEqual(ids);
  expect(seen).toEqual([ids]);
});

test("health as a procedure: the whole report, without secrets", async () => {
  const { caller, health } = build();
  health.register("database", () => ({
    status: "unhealthy",
    message: "mysql://root:hunter2@db is away",
    metadata: { waiting: 3, password: "hunter2", at: "mysql://root:hunter2@db" },
  }));
  const report = await caller.health();
  expectTypeOf(report).toEqualTypeOf<HealthReport>();
  expect(report.overall).toBe("unhealthy");
  expect(report.checks[0]).toMatchObject({
    name: "database",
    metadata: { waiting: 3, password: "***" },
  });
  expect(JSON.stringify(report)).not.toContain("hunter2");
});

test("it fits a procedure with any context, and hands the context on to what follows", () => {
  const bare = initTRPC.create();
  const engine = new RecordingEngine();
  bare.procedure.use(trpcMiddleware(engine)).query(({ ctx }) => {
    expectTypeOf<keyof typeof ctx>().toEqualTypeOf<never>();
  });
  const step: TRPCMiddlewareFunction<Context, object, object, { more: 1 }, unknown> = ({ next }) =>
    next({ ctx: { more: 1 as const } });
  t.procedure
    .use(step)
    .use(trpcMiddleware(engine))
    .query(({ ctx }) => {
      expectTypeOf(ctx.user).toEqualTypeOf<string>();
      expectTypeOf(ctx.more).toEqualTypeOf<1>();
    });
});

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) expect(item).toBe(1);
}
