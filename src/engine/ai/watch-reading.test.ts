import { expect, test } from "vitest";
import { watchReading } from "./watch-reading.ts";

test("a reader that brings its own buffer reads as if nobody looked (X1)", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    start: (controller) => {
      controller.enqueue(new Uint8Array([1, 2, 3]));
      controller.close();
    },
  });
  const seen: unknown[] = [];
  watchReading(stream as unknown as AsyncIterable<Uint8Array>, {
    chunk: (chunk) => seen.push([...chunk]),
    ended: () => seen.push("ended"),
    failed: (error) => seen.push(error),
  });
  const reader = stream.getReader({ mode: "byob" });
  const { value, done } = await reader.read(new Uint8Array(8));
  expect([[...(value ?? [])], done]).toEqual([[1, 2, 3], false]);
  expect((await reader.read(new Uint8Array(8))).done).toBe(true);
  expect(seen).toEqual([[1, 2, 3], "ended"]);
});
