/** A1, A2: what is not protected is told, once, with what to do. */
import { EventEmitter } from "node:events";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { createEngine } from "../index.ts";

async function told(target: object, depth = 1, reach: (it: never) => unknown = () => {}) {
  const engine = createEngine();
  const seen: unknown[] = [];
  engine.on("configuration", (notice) => seen.push(notice));
  reach(engine.wrap("it", target, { depth }) as never);
  reach(engine.wrap("it", target, { depth }) as never);
  await Promise.resolve();
  expect(engine.explain("it").unreached).toEqual(
    seen.map((notice) => (notice as { message: string }).message),
  );
  expect(engine.explain("other").unreached).toEqual([]);
  return seen;
}

test("an SDK whose methods hang on its parts is told, with the depth that reaches them", async () => {
  const client = new OpenAI({ apiKey: "none" });
  const completions = ({ chat }: OpenAI): unknown => chat.completions;
  const [notice, ...more] = await told(client, 1, completions);
  expect(more).toEqual([]);
  expect(notice).toMatchObject({ subject: "it" });
  const { message, details } = notice as { message: string; details: { depth: number } };
  expect(message).toMatch(/^\d+ methods of "it" are protected, and none inside of its .*chat/);
  expect(details.depth).toBeGreaterThanOrEqual(3);
  expect(await told(client, 2, completions)).toHaveLength(1);
  expect(await told(client, details.depth, completions)).toEqual([]);
});

test("parts that nobody takes out are its own affair", async () => {
  const client = new OpenAI({ apiKey: "none" });
  expect(await told(client)).toEqual([]);
  expect(await told(client, 1, (it: OpenAI) => it.buildURL("/models", {}))).toEqual([]);
});

test("a thing that has only parts, and one that has nothing at all", async () => {
  const sdk = { chat: { completions: { create: async () => "text" } }, n: 1 };
  expect(await told(sdk)).toMatchObject([
    {
      message:
        '0 methods of "it" are protected, and none inside of its chat: wrap it with { depth: 3 }',
    },
  ]);
  expect(await told(sdk, 2)).toHaveLength(1);
  expect(await told(sdk, 3)).toEqual([]);
  expect(await told({ n: 1, when: new Date() })).toMatchObject([
    { message: '0 methods of "it" are protected: it has none of its own' },
  ]);
  expect(await told(new EventEmitter())).toHaveLength(1);
});

test("what a service was handed is its own affair, and no getter is asked", async () => {
  class Users {
    db = { query: async () => [] };
    logger = new EventEmitter();
    get cost(): never {
      throw new Error("asked");
    }
    async find(): Promise<string> {
      return "ann";
    }
  }
  expect(await told(new Users(), 1, (it: Users) => it.db.query())).toEqual([]);
  expect(await told(async () => "text")).toEqual([]);
  expect(await told(Users)).toEqual([]);
  expect(await told(new Map())).toEqual([]);
  // What cannot be looked into is not complained about.
  const later = {
    get chat(): object {
      return { create: async () => "text" };
    },
  };
  expect(await told(later)).toEqual([]);
  expect(await told({ chat: new Proxy({}, {}) })).toEqual([]);
});

test("things that lead to each other, and very many of them, come to an end", async () => {
  interface Ring {
    next?: Ring;
    ask: () => string;
  }
  const ring: Ring = { ask: () => "text" };
  ring.next = { next: ring, ask: () => "text" };
  expect(await told(ring, 1, (it: Ring) => it.next)).toMatchObject([
    { details: { nested: ["next"], depth: 2 } },
  ]);
  const many = Object.fromEntries(
    Array.from({ length: 5000 }, (_, n) => [`part${n}`, { ask: () => "text" }]),
  );
  expect(await told(many)).toHaveLength(1);
});

test("without a listener it is a warning of the process", async () => {
  const warned = new Promise((resolve) => process.once("warning", resolve));
  createEngine().wrap("alone", { n: 1 });
  expect(await warned).toMatchObject({ name: "SoulMirrorWarning", code: "SOULMIRROR_REACH" });
});
