import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rawPathOfBytes } from "../raw-path.ts";
import { quoteName, unquoteName } from "./quoted-name.ts";

test("any bytes come back as they were", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const name = rawPathOfBytes(bytes);
      expect(unquoteName(quoteName(name))).toBe(name);
    }),
  );
});

test("any text comes back as it was, and is Unicode when quoted", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 64 }), (text) => {
      const name = rawPathOfBytes(Buffer.from(text, "utf8"));
      const quoted = quoteName(name);
      expect(quoted.isWellFormed()).toBe(true);
      expect(unquoteName(quoted)).toBe(name);
    }),
  );
});
