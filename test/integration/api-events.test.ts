/** The streams: every entry once and in order, also for a client that was away. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { describe, expect, test } from "vitest";
import type { EventStream } from "../../src/api/wire/event-stream.ts";
import { JournalFeed } from "../../src/api/wire/journal-feed.ts";
import { until } from "../until.ts";
import { ApiBench, token } from "./api-bench.ts";

/** One client of server-sent events. */
class Follower implements Disposable {
  readonly ids: number[] = [];
  readonly data: string[] = [];
  status = 0;
  isEnded = false;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;
  #text = "";
  #waiting: (() => void)[] = [];

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#request = request(url, { headers }, (response) => this.#follow(response));
    this.#request.on("error", () => this.#end());
    this.#request.end();
  }

  /** Resolves when `isSo`, which is asked again whenever something arrives. */
  async until(isSo: () => boolean): Promise<void> {
    const limit = AbortSignal.timeout(40_000);
    const late = (): void => this.#wake();
    limit.addEventListener("abort", late);
    while (!isSo()) {
      if (limit.aborted) throw new Error(`never: ${isSo.toString()}; seen last: ${this.#seen()}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    limit.removeEventListener("abort", late);
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }

  #follow(response: IncomingMessage): void {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => this.#take(chunk));
    response.on("close", () => this.#end());
    this.#wake();
  }

  #take(chunk: string): void {
    const parts = (this.#text + chunk).split("\n\n");
    this.#text = parts.pop() ?? "";
    for (const part of parts) {
      const id = /^id: (\d+)$/m.exec(part)?.[1];
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (id !== undefined) this.ids.push(Number(id));
      if (data !== undefined) this.data.push(data);
    }
    this.#wake();
  }

  #end(): void {
    this.isEnded = true;
    this.#wake();
  }

  #seen(): string {
    const { status, ids, isEnded } = this;
    return JSON.stringify({ status, events: ids.length, last: ids.at(-1), isEnded });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

const note = { kind: "request", by: "a test", what: "nothing" } as const;

function upTo(last: number, first = 1): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe("events", () => {
  test("a client gets what is written from now on, with positions as ids", async () => {
    await using bench = await ApiBench.start();
    await bench.house.advance(5000);
    const before = (await bench.house.store.last())?.position ?? 0;
    using client = new Follower(`${bench.api.url}/api/v1/events`);
    await client.until(() => client.status === 200);
    await bench.house.write([note, note, note]);
    await client.until(() => client.ids.length === 3);
    expect(client.ids).toEqual(upTo(before + 3, before + 1));
    expect(JSON.parse(client.data[0] ?? "")).toMatchObject({ position: before + 1, entry: note });
  });

  test("a client that was away resumes where it was, without a hole or a double", async () => {
    await using bench = await ApiBench.start();
    await bench.house.write(Array.from({ length: 1700 }, () => note));
    using client = new Follower(`${bench.api.url}/api/v1/events`, { "last-event-id": "20" });
    await client.until(() => client.ids.length > 0);
    // These arrive while it is still being given what it missed.
    for (let round = 0; round < 30; round += 1) await bench.house.write([note, note]);
    await client.until(() => client.ids.length >= 1740);
    expect(client.ids).toEqual(upTo(1760, 21));
  });

  test("more than it can wait for while it catches up is read from the store", async () => {
    await using bench = await ApiBench.start();
    await bench.house.write([note]);
    const { store } = bench.house;
    const read = store.read.bind(store);
    // Much is written just after the store has said that there is no more.
    let isWritten = false;
    const slowRead = async (position: number, limit: number) => {
      const page = await read(position, limit);
      if (page.length > 0 || isWritten) return page;
      isWritten = true;
      for (let round = 0; round < 25; round += 1) {
        await bench.house.write(Array.from({ length: 100 }, () => note));
      }
      return page;
    };
    Object.assign(store, { read: slowRead });
    using client = new Follower(`${bench.api.url}/api/v1/events?after=0`);
    await client.until(() => client.ids.at(-1) === 2501);
    expect(client.ids).toEqual(upTo(2501));
  });

  test("64 clients at most; a place that is left can be taken", async () => {
    await using bench = await ApiBench.start();
    const clients = Array.from(
      { length: 64 },
      () => new Follower(`${bench.api.url}/api/v1/events`),
    );
    for (const client of clients) await client.until(() => client.status === 200);
    const refused = await bench.ask("/api/v1/events");
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: "BUSY" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    clients[0]?.[Symbol.dispose]();
    let status = 503;
    await until(async () => {
      using again = new Follower(`${bench.api.url}/api/v1/events`);
      await again.until(() => again.status !== 0);
      ({ status } = again);
      return status !== 503;
    });
    expect(status).toBe(200);
  });

  test("a client that does not read is let go, and gets the rest when it comes back", async () => {
    await using bench = await ApiBench.start();
    using slow = new Follower(`${bench.api.url}/api/v1/events`);
    await slow.until(() => slow.status === 200);
    slow.pause();
    const long = { ...note, what: "x".repeat(10_000) };
    for (let round = 0; round < 40; round += 1) {
      await bench.house.write(Array.from({ length: 50 }, () => long));
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.resume();
    await slow.until(() => slow.isEnded);
    const seen = slow.ids.at(-1) ?? 0;
    expect(seen).toBeLessThan(2000);
    using again = new Follower(`${bench.api.url}/api/v1/events`, { "last-event-id": String(seen) });
    await again.until(() => again.ids.at(-1) === 2000);
    expect([...slow.ids, ...again.ids]).toEqual(upTo(2000));
  });

  test("a position beyond the end, of a journal that is no more, begins anew", async () => {
    await using bench = await ApiBench.start();
    await bench.house.write([note]);
    using client = new Follower(`${bench.api.url}/api/v1/events?after=5000`);
    await client.until(() => client.status === 200);
    await bench.house.write([note]);
    await client.until(() => client.ids.length > 0);
    expect(client.ids).toEqual([2]);
  });

  test("a journal that begins anew ends the streams of the old one (F2)", async () => {
    await using bench = await ApiBench.start();
    await bench.house.write([note, note]);
    using client = new Follower(`${bench.api.url}/api/v1/events`);
    await client.until(() => client.status === 200);
    await bench.house.write([note]);
    await client.until(() => client.ids.length === 1);
    const [first] = await bench.house.store.read(1, 1);
    if (first === undefined) throw new Error("there is no first entry");
    bench.house.tell([first]);
    await client.until(() => client.isEnded);
    expect(client.ids).toEqual([3]);
  });

  test("HEAD opens no stream", async () => {
    await using bench = await ApiBench.start();
    expect((await bench.ask("/api/v1/events", { method: "HEAD" })).status).toBe(405);
  });

  test("a position that is none is refused", async () => {
    await using bench = await ApiBench.start();
    const answer = await bench.ask("/api/v1/events", { headers: { "last-event-id": "x" } });
    expect(answer.status).toBe(400);
  });

  test("closing the API ends every stream and every subscription", async () => {
    const bench = await ApiBench.start();
    using client = new Follower(`${bench.api.url}/api/v1/events`);
    await client.until(() => client.status === 200);
    expect(bench.house.listeners).toBe(2);
    await bench.api.close();
    await client.until(() => client.isEnded);
    expect(bench.house.listeners).toBe(0);
  });
});

describe("logs", () => {
  test("are followed by who has the token, until the client leaves", async () => {
    await using bench = await ApiBench.start();
    const path = "/api/v1/resources/instance/service-0.1/logs/follow";
    await bench.house.advance(5000);
    expect((await bench.ask(path)).status).toBe(401);
    const client = new Follower(`${bench.api.url}${path}`, { authorization: `Bearer ${token}` });
    await client.until(() => client.status === 200);
    for (const line of bench.house.lines) line("it works");
    await client.until(() => client.data.length === 1);
    expect(client.data).toEqual(["it works"]);
    client[Symbol.dispose]();
    await until(() => bench.house.lines.size === 0);
  });
});

test("a client that is slow while very much happens gets every entry all the same (F1)", async () => {
  await using bench = await ApiBench.start();
  const { house } = bench;
  await house.write([note]);
  const atFirst = (await house.store.last())?.position ?? 0;
  const gate = Promise.withResolvers<void>();
  const seen: number[] = [];
  let taken = 0;
  const stream: EventStream = {
    isOpen: true,
    send({ id }) {
      seen.push(id ?? 0);
      // Comes while it catches up, and so is read from the store and waits for it as well.
      if (seen.length === 1) queueMicrotask(() => void house.write([note]));
    },
    comment: () => undefined,
    drained() {
      taken += 1;
      // The one that has waited: it is no longer reading from the store.
      return taken === atFirst + 2 ? gate.promise : Promise.resolve();
    },
    onClose: () => undefined,
    end: () => undefined,
  };
  const feed = new JournalFeed(house, () => undefined);
  feed.join(stream, { name: "a test", isTrusted: true, isNear: true }, 0);
  await expect.poll(() => taken).toBe(atFirst + 2);
  for (let round = 0; round < 3; round += 1) {
    await house.write(Array.from({ length: 600 }, () => note));
  }
  gate.resolve();
  const end = atFirst + 1 + 1800;
  await expect.poll(() => seen.at(-1)).toBe(end);
  expect(seen).toEqual(upTo(end));
  await house.write([note]);
  expect(seen.at(-1)).toBe(end + 1);
  feed.close();
});
