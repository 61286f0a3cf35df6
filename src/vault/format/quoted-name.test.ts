import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { rawPathOfBytes } from "../raw-path.ts";
import { Damage } from "./damage.ts";
import { quoteName, unquoteName } from "./quoted-name.ts";

const raw = (text: string) => rawPathOfBytes(Buffer.from(text, "utf8"));

// As Go 1.19 quotes them.
test.each([
  ["plain.txt", "plain.txt"],
  ["é", "é"],
  ['a"b\\c', 'a\\"b\\\\c'],
  ["\x07\b\f\n\r\t\v", "\\a\\b\\f\\n\\r\\t\\v"],
  ["\x01\x7f", "\\x01\\x7f"],
  ["\u200b", "\\u200b"],
  ["\u{e0001}", "\\U000e0001"],
  ["<&>", "<&>"],
  ["\u00a0", "\\u00a0"],
])("%j is quoted as Go does it", (name, quoted) => {
  expect(quoteName(raw(name))).toBe(quoted);
  expect(unquoteName(quoted)).toBe(raw(name));
});

test.each([
  [[0x62, 0xff], "b\\xff"],
  [[0xc0, 0x80], "\\xc0\\x80"],
  [[0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"],
  [[0xe2, 0x82], "\\xe2\\x82"],
  [[0xf4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"],
])("bytes %j that are not UTF-8 are quoted one by one", (bytes, quoted) => {
  expect(quoteName(rawPathOfBytes(Uint8Array.from(bytes)))).toBe(quoted);
});

test.each(["\\q", "\\", "\\U00110000", "\\x1"])("%j is damage", (quoted) => {
  expect(() => unquoteName(quoted)).toThrow(Damage);
});
