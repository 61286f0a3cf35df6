import fc from "fast-check";
import { expect, it } from "vitest";
import { ProtobufError, readOtlpProtobuf, readTelemetry, type Signal } from "./index.ts";

const signal = fc.constantFrom<Signal>("metrics", "logs", "traces");

/** Tags of real fields, lengths and text, in any order: more than noise passes the first byte. */
const likely = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x0a, 0x12, 0x1a, 0x2a, 0x3a, 0x52, 0x08, 0x31, 0x25),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 200 },
  )
  .map((bytes) => Uint8Array.from(bytes));

it("any bytes are a message or an error of ours, and what is read can be understood (R1)", () => {
  let read = 0;
  fc.assert(
    fc.property(signal, likely, (kind, bytes) => {
      try {
        const telemetry = readTelemetry(kind, readOtlpProtobuf(kind, bytes));
        expect(Array.isArray(telemetry)).toBe(true);
        read += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError);
      }
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(0);
});

it("any JSON is understood as far as it can be, and nothing throws", () => {
  fc.assert(
    fc.property(signal, fc.jsonValue(), fc.jsonValue(), (kind, inner, outer) => {
      const scope = { metrics: [inner], logRecords: [inner], spans: [inner] };
      const part = {
        resource: outer,
        scopeMetrics: [scope],
        scopeLogs: [scope],
        scopeSpans: scope,
      };
      const message = { resourceMetrics: [part, outer], resourceLogs: part, resourceSpans: [part] };
      for (const each of [message, outer]) {
        for (const { points } of readTelemetry(kind, each)) {
          expect(points.every(({ value }) => Number.isFinite(value))).toBe(true);
        }
      }
    }),
  );
});

/** `bytes` as field `number` of something around it. */
function within(number: number, bytes: readonly number[]): readonly number[] {
  const length: number[] = [];
  let left = bytes.length;
  for (; left >= 0x80; left >>>= 7) length.push((left & 0x7f) | 0x80);
  return [number * 8 + 2, ...length, left, ...bytes];
}

function lineWith(body: readonly number[]): Uint8Array {
  return Uint8Array.from(within(1, within(2, within(2, within(5, body)))));
}

it.each([
  [[0x18, 0x07], "7"],
  [[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "-1"],
  [[0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "-9223372036854776000"],
  [[0x10, 0x01], "true"],
  [[0x0a, 0x02, 0xc3, 0xa4], "ä"],
])("the bytes %j are the value %s", (bytes, body) => {
  const [part] = readTelemetry("logs", readOtlpProtobuf("logs", lineWith(bytes)));
  expect(part?.logs.map((line) => line.body)).toEqual([body]);
});

it("a message of very many messages is refused before it is a large tree (R2)", () => {
  const empty = [0x0a, 0x00];
  const bytes = new Uint8Array(500_000);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = empty[place % 2] as number;
  expect(() => readOtlpProtobuf("metrics", bytes)).toThrow("too many messages in one");
});
