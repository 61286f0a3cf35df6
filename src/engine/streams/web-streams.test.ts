/** Streams of the web behave as they do without the engine, and are calls to their end. */
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { UnderlyingSource } from "node:stream/web";
import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

const encoder = new TextEncoder();

function ground() {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ timeout: 1000, autoRetry: false }, tools);
  const cancelled: unknown[] = [];
  const source = (chunks: readonly unknown[], fail?: Error): UnderlyingSource<unknown> => {
    const left = [...chunks];
    return {
      pull(controller) {
        if (left.length > 0) controller.enqueue(left.shift());
        else if (fail) controller.error(fail);
        else controller.close();
      },
      cancel: (reason) => void cancelled.push(reason),
    };
  };
  const it = engine.wrap("it", {
    words: () => new ReadableStream<string>(source(["one", "two"]) as never, { highWaterMark: 0 }),
    bytes: () => {
      const left = [encoder.encode("one"), encoder.encode("two")];
      return new ReadableStream({
        type: "bytes",
        pull(controller) {
          const chunk = left.shift();
          if (chunk !== undefined) controller.enqueue(chunk);
          else controller.close();
          if (chunk === undefined) controller.byobRequest?.respond(0);
        },
      });
    },
    broken: () =>
      new ReadableStream<string>(source(["one"], new RangeError("cut off")) as never, {
        highWaterMark: 0,
      }),
    hanging: () => new ReadableStream<string>({ cancel: (reason) => void cancelled.push(reason) }),
  });
  return { tools, engine, it, cancelled };
}

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const chunk of stream) seen.push(chunk);
  return seen;
}

const succeeded = { calls: 1, succeeded: 1, failed: 0, inFlight: 0 };

test("both copies of `tee` have all, and together they are one call", async () => {
  const { engine, it } = ground();
  const stream = it.words();
  const [left, right] = stream.tee();
  expect(stream.locked).toBe(true);
  expect(await all(left)).toEqual(["one", "two"]);
  expect(await all(right)).toEqual(["one", "two"]);
  expect(engine.operation("it.words")).toMatchObject(succeeded);
  expect(() => stream.tee()).toThrow(TypeError);
});

test("copies that nobody wants give up their source, and one that breaks has failed", async () => {
  const { engine, it, cancelled } = ground();
  const [left, right] = it.words().tee();
  await Promise.all([left.cancel("no"), right.cancel("no")]);
  expect(cancelled).toEqual([["no", "no"]]);
  expect(engine.operation("it.words")).toMatchObject(succeeded);
  const [one, other] = it.broken().tee();
  await expect(all(one)).rejects.toThrow(new RangeError("cut off"));
  await expect(all(other)).rejects.toThrow(new RangeError("cut off"));
  expect(engine.operation("it.broken")).toMatchObject({ failed: 1, inFlight: 0 });
});

test("bytes are read into buffers, of the stream and of its copies", async () => {
  const { engine, it } = ground();
  const read = async (stream: ReadableStream<Uint8Array>): Promise<string> => {
    const reader = stream.getReader({ mode: "byob" });
    let seen = "";
    for (let view = new Uint8Array(8); ; ) {
      // oxlint-disable-next-line no-await-in-loop -- One buffer after the other.
      const { done, value } = await reader.read(view);
      if (done) return seen;
      seen += `${new TextDecoder().decode(value)}.`;
      view = new Uint8Array(value.buffer);
    }
  };
  expect(await read(it.bytes())).toBe("one.two.");
  const [left, right] = it.bytes().tee();
  expect(await Promise.all([read(left), read(right)])).toEqual(["one.two.", "one.two."]);
  expect(engine.operation("it.bytes")).toMatchObject({ calls: 2, succeeded: 2, inFlight: 0 });
});

test("time runs for each chunk of a pipe, and not for the pipe as a whole (T1, T2)", async () => {
  const { tools, engine, it } = ground();
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen: string[] = [];
  const slow = new WritableStream<string>({
    write(chunk) {
      seen.push(chunk);
      return promise;
    },
  });
  const piping = it.words().pipeTo(slow);
  await tools.advance(60_000);
  resolve();
  await piping;
  expect(seen).toEqual(["one", "two"]);
  expect(engine.operation("it.words")).toMatchObject(succeeded);

  const aborted: unknown[] = [];
  const hanging = it
    .hanging()
    .pipeTo(new WritableStream({ abort: (why) => void aborted.push(why) }));
  const outcome = hanging.catch((error: unknown) => error);
  await tools.advance(1001);
  expect(await outcome).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(aborted).toEqual([await outcome]);
  expect(engine.operation("it.hanging")).toMatchObject({ failed: 1, inFlight: 0 });
});

test("what a pipe may keep open is left open, and its source is free again", async () => {
  const { engine, it, cancelled } = ground();
  const stream = it.words();
  const broken = new WritableStream<string>({
    write() {
      throw new RangeError("full");
    },
  });
  await expect(stream.pipeTo(broken, { preventCancel: true })).rejects.toThrow("full");
  expect([stream.locked, cancelled]).toEqual([false, []]);
  const gone = new AbortController();
  gone.abort(new RangeError("gone"));
  const into = new WritableStream<string>();
  await expect(it.words().pipeTo(into, { signal: gone.signal })).rejects.toThrow("gone");
  await expect(it.words().pipeTo({} as never)).rejects.toThrow(TypeError);
  expect(() => it.words().pipeThrough({} as never)).toThrow(TypeError);
  await stream.cancel();
  expect(engine.operation("it.words")?.failed).toBe(0);
});

test("a reader that lets go while he waits has not failed, and another one reads on", async () => {
  const { tools, engine, it } = ground();
  const stream = it.hanging();
  const reader = stream.getReader();
  const waiting = reader.read().catch((error: unknown) => error);
  reader.releaseLock();
  expect(await waiting).toBeInstanceOf(TypeError);
  await tools.advance(60_000);
  expect(engine.operation("it.hanging")).toMatchObject({ failed: 0, inFlight: 1 });
  await stream.cancel();
  expect(engine.operation("it.hanging")).toMatchObject({ succeeded: 1, inFlight: 0 });
});

test("a loop locks at once, gives free when it is left, and cancels unless it may not", async () => {
  const { engine, it, cancelled } = ground();
  const kept = it.words();
  const values = kept.values({ preventCancel: true });
  expect(kept.locked).toBe(true);
  expect(await values.next()).toEqual({ done: false, value: "one" });
  expect(await values.return?.("why" as never)).toEqual({ done: true, value: "why" });
  expect([kept.locked, cancelled]).toEqual([false, []]);
  expect(await all(kept)).toEqual(["two"]);
  const left = it.words().values();
  expect(left[Symbol.asyncIterator]()).toBe(left);
  await left.return?.();
  expect(cancelled).toEqual([undefined]);
  expect(await left.next()).toEqual({ done: true, value: undefined });
  expect(engine.operation("it.words")).toMatchObject({ succeeded: 2, failed: 0, inFlight: 0 });
});

test.each<[string, (stream: ReadableStream<Uint8Array>) => Promise<string>]>([
  ["new Response", (stream) => new Response(stream).text()],
  ["Response.clone", (stream) => new Response(stream).clone().text()],
  ["Readable.fromWeb", (stream) => text(Readable.fromWeb(stream as never))],
  ["pipeline", (stream) => pipeline(stream, async (source) => text(source as never))],
  ["consumers", (stream) => text(stream as never)],
  ["pipeThrough", async (s) => (await all(s.pipeThrough(new TextDecoderStream()))).join("")],
  ["ReadableStream.from", (stream) => text(ReadableStream.from(stream as never) as never)],
])("%s reads it to its end, and that is its success", async (_, read) => {
  const { engine, it } = ground();
  expect(await read(it.bytes())).toBe("onetwo");
  await new Promise(setImmediate);
  expect(engine.operation("it.bytes")).toMatchObject(succeeded);
});

test("what is handed to another thread arrives there, and is not watched any more", async () => {
  const { tools, engine, it } = ground();
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise<ReadableStream>((resolve) => port2.once("message", resolve));
  const stream = it.words();
  port1.postMessage(stream, [stream as never]);
  expect(await all(await arrived)).toEqual(["one", "two"]);
  const other = it.words();
  expect(await all(structuredClone(other, { transfer: [other as never] }))).toEqual(["one", "two"]);
  await tools.advance(60_000);
  expect(engine.operation("it.words")).toMatchObject({ succeeded: 0, failed: 0, inFlight: 2 });
  port1.close();
});
