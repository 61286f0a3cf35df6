/** A real Prisma client behind `engine.wrap`, with PostgreSQL: it is what it was, in every mode. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEngine, type InfrastructureReliabilityEngine } from "../../src/engine/index.ts";
import { CircuitBreakerError } from "../../src/resilience/index.ts";
import { until } from "../until.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";
import { type PrismaClient, prismaOf, tables } from "./servers/prisma-client.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

let server: DatabaseServer;
let raw: PrismaClient;
const sent: string[] = [];

beforeAll(async () => {
  server = await startPostgres();
  raw = prismaOf({ ...loginTo(server), max: 4 });
  raw.$on("query", ({ query }) => sent.push(query));
  for (const table of tables) await raw.$executeRawUnsafe(table);
});
afterAll(async () => {
  await raw.$disconnect();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await raw.$executeRawUnsafe(`TRUNCATE "Account" RESTART IDENTITY CASCADE`);
  sent.length = 0;
});

const named = (name: string) => ({ data: { name, balance: 1 } });

describe.each(["raw", "off", "shadow", "monitor", "full"] as const)("%s", (mode) => {
  let engine: InfrastructureReliabilityEngine;
  let db: PrismaClient;

  beforeEach(() => {
    engine = createEngine({ mode: mode === "raw" ? "off" : mode });
    db = mode === "raw" ? raw : engine.wrap("db", raw, { depth: 2 });
  });
  afterEach(() => engine.close());

  test("a query runs when it is awaited, once, and is nobody's before", async () => {
    const query = db.account.create(named("a"));
    expect(Object.prototype.toString.call(query)).toBe("[object PrismaPromise]");
    await pause(20);
    expect(sent).toEqual([]);
    expect(await query).toEqual({ id: 1, name: "a", balance: 1 });
    expect(await query).toEqual({ id: 1, name: "a", balance: 1 });
    expect(sent.filter((text) => text.startsWith("INSERT"))).toHaveLength(1);
    expect(db.account).toBe(db.account);
    await db.note.create({ data: { text: "hello", accountId: 1 } });
    const notes = await db.account.findUnique({ where: { id: 1 } }).notes();
    expect(notes.map(({ text }) => text)).toEqual(["hello"]);
    expect(await db.account.findFirst({ where: { id: 9 } })).toBeNull();
    expect(await db.$queryRaw`SELECT ${1}::int AS n`).toEqual([{ n: 1 }]);
  });

  test("several in one transaction: together, or not at all", async () => {
    const [made, count] = await db.$transaction([
      db.account.create(named("a")),
      db.account.count(),
    ]);
    expect([made, count]).toEqual([{ id: 1, name: "a", balance: 1 }, 1]);
    const broken = db.$transaction([db.account.create(named("b")), db.account.create(named("a"))]);
    await expect(broken).rejects.toMatchObject({ code: "P2002" });
    expect(await db.account.count()).toBe(1);
    expect(sent.filter((text) => text === "COMMIT")).toHaveLength(1);
  });

  test("a transaction of several steps holds, and is taken back with the very error", async () => {
    const answer = await db.$transaction(async (inside) => {
      await inside.account.create(named("a"));
      return inside.account.count();
    });
    expect(answer).toBe(1);
    const error = new RangeError("no");
    const broken = db.$transaction(async (inside) => {
      await inside.account.create(named("b"));
      throw error;
    });
    expect(await broken.catch((failed: unknown) => failed)).toBe(error);
    expect(await db.account.findMany()).toHaveLength(1);
  });

  test("extensions, of the client that is wrapped and of the wrapped one", async () => {
    const more = {
      result: {
        account: {
          shout: {
            needs: { name: true },
            compute: ({ name }: { name: string }) => name.toUpperCase(),
          },
        },
      },
    };
    await db.account.create(named("a"));
    expect(await db.$extends(more).account.findFirst()).toMatchObject({ shout: "A" });
    const extended = raw.$extends(more);
    const wrapped = mode === "raw" ? extended : engine.wrap("extended", extended, { depth: 2 });
    expect(await wrapped.account.findFirst()).toMatchObject({ name: "a", shout: "A" });
  });

  test("errors keep their class, and mistakes of the caller open no circuit", async () => {
    await db.account.create(named("a"));
    for (let call = 0; call < 8; call += 1) {
      const error: unknown = await db.account
        .create(named("a"))
        .then(undefined, (it: unknown) => it);
      expect(error).toMatchObject({ name: "PrismaClientKnownRequestError", code: "P2002" });
    }
    const wrong = Promise.resolve(db.account.create({ data: { nme: 1 } }));
    await expect(wrong).rejects.toMatchObject({ name: "PrismaClientValidationError" });
    expect((await db.account.create(named("b"))).name).toBe("b");
    if (mode === "raw" || mode === "off") return;
    expect(engine.operation("db.account.create")).toMatchObject({
      calls: 11,
      failures: { client_error: 9 },
      breaker: "closed",
      inFlight: 0,
    });
  });
});

describe("in full mode", () => {
  let engine: InfrastructureReliabilityEngine;
  beforeEach(() => {
    engine = createEngine({ mode: "full", autoRetry: false });
  });
  afterEach(() => engine.close());

  test("a transaction that is declared repeatable is made again after a conflict", async () => {
    const db = engine.wrap("db", raw, { methods: { $transaction: { autoRetry: true } } });
    await raw.account.create(named("a"));
    const serializable = { isolationLevel: "Serializable" } as const;
    let attempts = 0;
    const answer = await db.$transaction(async (inside) => {
      attempts += 1;
      await inside.account.findFirst();
      if (attempts === 1) {
        await raw.$transaction(async (other) => {
          await other.account.updateMany({ data: { balance: 5 } });
        }, serializable);
      }
      return inside.account.updateMany({ data: { balance: 7 } });
    }, serializable);
    expect(answer).toEqual({ count: 1 });
    expect(attempts).toBe(2);
    expect((await raw.account.findFirst())?.balance).toBe(7);
  });

  test("kill -9 of the database: calls fail, the circuit opens, and all heals by itself", async () => {
    const db = engine.wrap("db", raw, { depth: 2, breaker: { resetTimeout: "300ms" } });
    expect(await db.account.count()).toBe(0);
    await server.kill();
    const fail = async (): Promise<unknown> => {
      // Built before it is awaited, as it is anywhere else.
      const query = db.account.findMany({ where: { balance: 1 } });
      return query.then(undefined, (error: unknown) => error);
    };
    const errors: unknown[] = [];
    const isOpen = async (): Promise<boolean> => {
      errors.push(await fail());
      return errors.at(-1) instanceof CircuitBreakerError;
    };
    await until(isOpen, { seen: () => errors.map(String) });
    expect(errors.length).toBeLessThanOrEqual(7);
    const both = db.$transaction([db.account.count(), db.account.findMany()]);
    await expect(both).rejects.toThrow("reach database server");
    await server.start();
    let healed: unknown;
    await until(async () => Array.isArray((healed = await fail())), { seen: () => String(healed) });
    expect(healed).toEqual([]);
    expect(engine.operation("db.account.findMany")?.inFlight).toBe(0);
  });
});
