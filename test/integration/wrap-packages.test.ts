/** Real packages behind `engine.wrap`: what they answer lazily is neither forced nor forgotten. */
import knexOf, { type Knex } from "knex";
import mongoose from "mongoose";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";
import { clientOf, question, streamed, textOf } from "./ai/clients.ts";
import { ProviderServer } from "./ai/provider-server.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

const engine = createEngine({ mode: "full" });
afterAll(() => engine.close());

describe("openai", () => {
  let provider: ProviderServer;
  let raw: OpenAI;
  let client: OpenAI;
  const create = "openai.chat.completions.create";

  beforeAll(async () => {
    provider = await ProviderServer.start("alpha");
    raw = clientOf(provider.baseURL).withOptions({ maxRetries: 0 });
    client = engine.wrap("openai", raw, { depth: 3 });
  });
  afterAll(() => provider.stop());

  test("is itself: members, class, settings", () => {
    expect(client.chat).toBe(client.chat);
    const { completions } = client.chat;
    expect(Reflect.get(completions, "create")).toBe(Reflect.get(completions, "create"));
    expect(client).toBeInstanceOf(OpenAI);
    expect(client.baseURL).toBe(raw.baseURL);
  });

  test("a promise of the SDK keeps its methods, and its body is read once", async () => {
    provider.reset();
    const asking = client.chat.completions.create(question);
    const [one, other] = await Promise.all([asking, asking]);
    expect(one).toBe(other);
    const { data, response } = await asking.withResponse();
    expect(data).toBe(one);
    expect(response.bodyUsed).toBe(true);
    const bare = await client.chat.completions.create(question).asResponse();
    expect(bare.bodyUsed).toBe(false);
    expect(await bare.json()).toHaveProperty("choices");
    expect(provider.asked).toHaveLength(2);
  });

  test("a stream is read to its end, and what only helpers read takes no place", async () => {
    const before = engine.operation(create);
    const stream = await client.chat.completions.create(streamed);
    expect(await textOf(stream)).toBe("I am alpha, at your service.");
    expect(engine.operation(create)?.succeeded).toBe((before?.succeeded ?? 0) + 1);
    const [left] = (await client.chat.completions.create(streamed)).tee();
    expect(await textOf(left)).toBe("I am alpha, at your service.");
    const helper = client.chat.completions.stream(question);
    expect((await helper.finalChatCompletion()).choices).toHaveLength(1);
    expect(engine.operation(create)?.inFlight).toBe(0);
    expect(engine.operation("openai.chat.completions.stream")?.inFlight).toBe(0);
  });

  test("errors keep their classes, by `catch` and `finally` as well, and an abort is none", async () => {
    const failures = () => engine.operation(create)?.failures;
    provider.behave({ kind: "refuse", status: 429, body: { error: { message: "slow" } } });
    const refusal = client.chat.completions.create(question).catch((error: unknown) => error);
    expect(await refusal).toBeInstanceOf(OpenAI.RateLimitError);
    let isOver = false;
    const asking = client.chat.completions.create(question).finally(() => {
      isOver = true;
    });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    expect(isOver).toBe(true);
    expect(failures()).toEqual({ rate_limit: 2 });
    provider.behave({ kind: "hang" });
    const controller = new AbortController();
    const hanging = client.chat.completions.create(question, { signal: controller.signal });
    queueMicrotask(() => controller.abort());
    await expect(hanging).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(failures()).toEqual({ rate_limit: 2, cancelled: 1 });
  });
});

describe("mongoose, without a server", () => {
  const schema = new mongoose.Schema(
    { n: Number },
    { bufferTimeoutMS: 30, autoIndex: false, autoCreate: false },
  );
  schema.method("double", function (this: { n: number }) {
    return this.n * 2;
  });
  const Raw = mongoose.model("Wrapped", schema);
  const Wrapped = engine.wrap("users", Raw);

  test("a query is not begun by wrapping, runs once, and leaves nothing in flight", async () => {
    const query = Wrapped.find({ n: 1 }).sort({ n: 1 }).lean();
    expect(query).toBeInstanceOf(mongoose.Query);
    await Promise.resolve();
    expect(engine.operation("users.find")).toMatchObject({ calls: 0, failed: 0, inFlight: 0 });
    await expect(query).rejects.toThrow("buffering timed out");
    expect(engine.operation("users.find")).toMatchObject({ calls: 1, failed: 1, inFlight: 0 });
    // A second run is the caller's mistake, as it is without the engine.
    await expect(query).rejects.toThrow("Query was already executed");
  });

  test.each([
    ["exec", "findOne", () => Wrapped.findOne({ n: 1 }).exec()],
    ["catch", "findOneAndDelete", () => Wrapped.findOneAndDelete({ n: 1 }).catch(rethrow)],
  ])("%s is a way to begin: %s", async (_, method, ask) => {
    await expect(ask()).rejects.toThrow("buffering timed out");
    expect(engine.operation(`users.${method}`)).toMatchObject({
      calls: 1,
      succeeded: 0,
      failed: 1,
      inFlight: 0,
    });
  });

  test("casting errors, documents and their methods", async () => {
    await expect(Wrapped.findById("nonsense")).rejects.toBeInstanceOf(mongoose.Error.CastError);
    const document = new Wrapped({ n: 4 });
    expect(document).toBeInstanceOf(Raw);
    expect(document.get("n")).toBe(4);
    expect((document as unknown as { double(): number }).double()).toBe(8);
    expect(document.toJSON()).toMatchObject({ n: 4 });
    document.n = 5;
    expect(document.isModified("n")).toBe(true);
    await document.validate();
    await expect(document.save()).rejects.toThrow("buffering timed out");
  });
});

describe("knex, with PostgreSQL", () => {
  let server: DatabaseServer;
  let raw: Knex;
  let db: Knex;
  const sent: string[] = [];

  beforeAll(async () => {
    server = await startPostgres();
    raw = knexOf({ client: "pg", connection: loginTo(server) });
    raw.on("query", ({ sql }: { sql: string }) => sent.push(sql));
    db = engine.wrap("db", raw);
    await raw.schema.createTable("people", (table) => table.integer("n"));
    await raw("people").insert([{ n: 1 }, { n: 2 }]);
  });
  afterAll(async () => {
    await raw.destroy();
    await server[Symbol.asyncDispose]();
  });

  test("a builder is lazy, is the builder, and sends one query", async () => {
    sent.length = 0;
    const builder = db("people").where({ n: 2 }).select("n");
    expect(builder.toSQL().sql).toBe('select "n" from "people" where "n" = ?');
    await Promise.resolve();
    expect(sent).toEqual([]);
    expect(await builder).toEqual([{ n: 2 }]);
    expect(sent).toHaveLength(1);
    expect(engine.operation("db")).toMatchObject({ calls: 1, succeeded: 1, inFlight: 0 });
    await expect(db("nowhere").select()).rejects.toMatchObject({ code: "42P01" });
    await expect(db.raw("SELECT nonsense")).rejects.toMatchObject({ code: "42703" });
    expect(engine.operation("db")).toMatchObject({ calls: 2, failed: 1, inFlight: 0 });
  });

  test("transactions hold and are taken back", async () => {
    await db.transaction(async (trx) => {
      await trx("people").insert({ n: 3 });
    });
    const broken = db.transaction(async (trx) => {
      await trx("people").insert({ n: 4 });
      throw new RangeError("no");
    });
    await expect(broken).rejects.toThrow(new RangeError("no"));
    expect(await raw("people").max("n as most").first()).toEqual({ most: 3 });
    expect(engine.operation("db.transaction")).toMatchObject({ succeeded: 1, failed: 1 });
  });

  test("a transaction is not made again when something in its middle cannot be reached", async () => {
    let times = 0;
    const unreachable = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const broken = db.transaction(async (trx) => {
      times += 1;
      await trx("people").insert({ n: 5 });
      throw unreachable;
    });
    await expect(broken).rejects.toBe(unreachable);
    expect(times).toBe(1);
    expect(await raw("people").max("n as most").first()).toEqual({ most: 3 });
  });
});

function rethrow(error: unknown): never {
  throw error;
}
