/** The door for engines that listen: who is let in, as whom, and what is refused. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiBench, token } from "./api-bench.ts";

let bench: ApiBench;
beforeEach(async () => {
  bench = await ApiBench.start();
});
afterEach(async () => {
  expect(bench.complaints).toEqual([]);
  await bench[Symbol.asyncDispose]();
});

const path = "/api/v1/engine/control";

function listen(query: string, given: string): Promise<Response> {
  const headers = { authorization: `Bearer ${given}` };
  return fetch(`${bench.api.url}${path}${query}`, { headers, signal: AbortSignal.timeout(20_000) });
}

/** Reads until that many messages have come. */
async function messages(answer: Response, count: number): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let text = "";
  if (answer.body === null) throw new Error("it has no body");
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    found.length = 0;
    for (const [, data = ""] of text.matchAll(/^data: (.*)$/gm)) found.push(JSON.parse(data));
    if (found.length >= count) break;
  }
  return found;
}

function tell(given: string, body: object) {
  return bench.ask(path, { method: "POST", token: given, body });
}

const stand = { instance: "a", version: 0, mode: "full", open: [] };

describe("an engine that listens", () => {
  test("hears at once what is wanted, and what others have opened", async () => {
    await bench.house.steer("shop", { mode: "monitor" });
    const open = [{ name: "mail.send", forMs: 60_000 }];
    await listen("?instance=b", "engine-of.shop");
    expect((await tell("engine-of.shop", { ...stand, instance: "b", open })).status).toBe(200);
    const heard = await messages(await listen("?instance=a", "engine-of.shop"), 2);
    expect(heard).toEqual([
      expect.objectContaining({ kind: "wish", version: 1, mode: "monitor", isolated: {} }),
      { kind: "votes", votes: [{ instance: "b", open }] },
    ]);
  });

  test("is let in with the token of its service only, and speaks for that one only", async () => {
    for (const given of ["another-token", ""]) {
      expect((await listen("?instance=a", given)).status).toBe(401);
    }
    // Whatever it says: it is the shop's.
    await bench.house.steer("bank", { mode: "off" });
    const heard = await messages(await listen("?instance=a&service=bank", "engine-of.shop"), 1);
    expect(heard[0]).toMatchObject({ kind: "wish", version: 0, mode: null });
    await listen("?instance=b", "engine-of.bank");
    const answer = await tell("engine-of.shop", { ...stand, instance: "b", service: "bank" });
    expect(answer.status).toBe(409);
    expect((await tell("another-token", stand)).status).toBe(401);
  });

  test("with the token of a service nothing can be wanted of anybody", async () => {
    const body = { service: "service-0", mode: "off" };
    const options = { method: "POST", body } as const;
    const asked = await bench.ask("/api/v1/engines/wanted", {
      ...options,
      token: "engine-of.service-0",
    });
    expect(asked.status).toBe(401);
    expect(bench.house.steering.wishOf("service-0").version).toBe(0);
    expect((await bench.ask("/api/v1/engines/wanted", { ...options, token })).status).toBe(200);
  });

  test("is refused beyond 64 of one service, with a status", async () => {
    for (let each = 0; each < 64; each += 1) {
      bench.house.steering.join("shop", `${each}`, { send: () => {}, end: () => {} });
    }
    const answer = await listen("?instance=more", "engine-of.shop");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await answer.json()).toMatchObject({ error: { code: "BUSY" } });
    // Who is known already takes its own place.
    expect((await listen("?instance=1", "engine-of.shop")).status).toBe(200);
  });

  test("that tells nonsense is refused, and so is nothing that is wanted", async () => {
    await listen("?instance=a", "engine-of.shop");
    const open = Array.from({ length: 101 }, (_, at) => ({ name: `op-${at}`, forMs: 1 }));
    expect((await tell("engine-of.shop", { ...stand, open })).status).toBe(400);
    expect((await tell("engine-of.shop", { ...stand, mode: "worse" })).status).toBe(400);
    const body = { service: "service-0" };
    const empty = await bench.ask("/api/v1/engines/wanted", { method: "POST", token, body });
    expect(empty.status).toBe(400);
  });
});

describe("what is wanted of engines", () => {
  const wanted = { service: "service-0", limit: { operation: "mail.send", timeoutMs: 500 } };
  test.each([
    ["nobody", {}, 401],
    ["a wrong token", { token: "another-token" }, 401],
    ["the token of that service", { token: "engine-of.service-0" }, 401],
    ["the token of another one", { token: "engine-of.service-1" }, 401],
    ["a page of somebody else", { token, headers: { origin: "http://rebound.example" } }, 403],
    ["a foreign name", { token, headers: { host: "rebound.example" } }, 403],
    ["the token", { token }, 200],
  ])("is said by %s", async (_who, given, status) => {
    const asked = { method: "POST", body: wanted, ...given } as const;
    expect((await bench.ask("/api/v1/engines/wanted", asked)).status).toBe(status);
    const version = status === 200 ? 1 : 0;
    expect(bench.house.steering.wishOf("service-0").version).toBe(version);
  });
});
