import { expect, test } from "vitest";
import { MemoryLocation } from "./memory-location.ts";
import { pacedLocation } from "./paced-location.ts";
import { never } from "./repair/repair-bench.ts";

const id = "0".repeat(64);
const parts = [new Uint8Array(30), new Uint8Array(12)];

test("what is written waits for its turn, but for locks; reading does not", async () => {
  const memory = new MemoryLocation();
  const paced: number[] = [];
  const location = pacedLocation(memory, async (sizeBytes) => {
    paced.push(sizeBytes);
  });
  await location.put({ kind: "pack", id }, parts, never);
  await location.replace({ kind: "index", id }, [new Uint8Array(7)], never);
  await location.put({ kind: "lock", id }, parts, never);
  expect(paced).toEqual([42, 7]);
  expect(await location.get({ kind: "pack", id }, never)).toHaveLength(42);
  expect(await location.stat({ kind: "lock", id }, never)).toBe(42);
  await location.remove({ kind: "lock", id }, never);
  expect(memory.files.size).toBe(2);
  expect(paced).toHaveLength(2);
});

test("who gives up while he waits has written nothing", async () => {
  const memory = new MemoryLocation();
  const location = pacedLocation(memory, (_, signal) => Promise.reject(signal.reason as Error));
  const enough = AbortSignal.abort(new Error("enough"));
  await expect(location.put({ kind: "pack", id }, parts, enough)).rejects.toThrow("enough");
  expect(memory.files.size).toBe(0);
});
