import { expect, test } from "vitest";
import { Damage } from "./damage.ts";
import { decodeIndex, encodeIndex } from "./index-json.ts";

test("a length whose highest bit is set is damage, for it would name another kind of blob", () => {
  const blobOf = (plainLength: number): unknown => {
    const blob = { id: new Uint8Array(32), kind: "data" as const, offset: 0, length: 40 };
    const json = encodeIndex([{ id: "0".repeat(64), blobs: [{ ...blob, plainLength }] }]);
    return decodeIndex(JSON.parse(json)).packs[0]?.blobs[0]?.plainLength;
  };
  expect(blobOf(2 ** 31 - 1)).toBe(2 ** 31 - 1);
  expect(() => blobOf(2 ** 31)).toThrow(Damage);
});
