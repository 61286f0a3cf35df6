import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { rawPathOfBytes, rawPathOfText } from "../raw-path.ts";
import { Damage } from "./damage.ts";
import { decodeTree, encodeTree } from "./tree-json.ts";
import type { NodeBase, TreeNode } from "./tree-node.ts";

const id = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

const base: NodeBase = {
  name: rawPathOfText("a"),
  permissions: 0o644,
  mtimeNs: 1_700_000_000_000_000_001n,
  ctimeNs: 1_700_000_000_000_000_002n,
  atimeNs: 1_700_000_000_000_000_003n,
  uid: 0,
  gid: 7,
  user: "root",
  group: "",
  inode: 18_446_744_073_709_551_615n,
  deviceId: 65_024n,
  links: 2,
  attributes: [],
};
const named = (name: string): NodeBase => ({ ...base, name: rawPathOfText(name) });
const folder = { ...named("b"), links: 0, permissions: 0o7755, kind: "dir", subtree: id } as const;
const attributes = [{ name: "user.x", value: Buffer.from("é") }];
const nodes: readonly TreeNode[] = [
  { ...base, kind: "file", sizeBytes: 5, content: [id], attributes },
  folder,
  { ...named("c"), kind: "symlink", target: rawPathOfBytes(Buffer.from([0x2f, 0xff])) },
  { ...named("d"), kind: "chardev", device: 259n },
  { ...named("e"), kind: "dev", device: 2n ** 60n },
  { ...named("f"), kind: "fifo", links: 0 },
];

test.each([
  ["null for a node", '{"nodes":[null]}'],
  ["a number for a node", '{"nodes":[7]}'],
  ["null for an attribute", '{"nodes":[{"name":"a","type":"fifo","extended_attributes":[null]}]}'],
])("%s is damage", (_, text) => {
  expect(() => decodeTree(Buffer.from(text))).toThrow(Damage);
});

test("every kind of node comes back as it was", () => {
  expect(decodeTree(encodeTree({ nodes }))).toEqual({ nodes });
});

// The text of restic 0.14 for such a node.
test("a file is written as restic writes it (T1)", () => {
  const [file] = nodes;
  const text = new TextDecoder().decode(encodeTree({ nodes: file ? [file] : [] }));
  expect(text).toBe(
    '{"nodes":[{"name":"a","type":"file","mode":420,"mtime":"2023-11-14T22:13:20.000000001Z",' +
      '"atime":"2023-11-14T22:13:20.000000003Z","ctime":"2023-11-14T22:13:20.000000002Z",' +
      '"uid":0,"gid":7,"user":"root","inode":18446744073709551615,"device_id":65024,"size":5,' +
      '"links":2,"extended_attributes":[{"name":"user.x","value":"w6k="}],' +
      `"content":["${id}"]}]}\n`,
  );
});

const json = (changes: object): Uint8Array => {
  const times = { mtime: "2023-11-14T22:13:20Z", atime: "2023-11-14T22:13:20Z" };
  const node = { name: "a", type: "fifo", ...times, ctime: times.mtime, ...changes };
  return Buffer.from(JSON.stringify({ nodes: [node] }));
};

test("what could be understood in part is not damage", () => {
  expect(decodeTree(json({})).nodes).toHaveLength(1);
  expect(decodeTree(json({ type: "socket" })).nodes).toEqual([]);
  expect(decodeTree(Buffer.from('{"nodes":null}')).nodes).toEqual([]);
});

test.each([
  { name: "../x" },
  { name: ".." },
  { name: "." },
  { name: "" },
  { name: "a\\x00" },
  { mtime: "yesterday" },
  { type: "dir" },
  { type: "dir", subtree: "../../etc" },
  { type: "file", content: ["x"] },
  { type: "file", content: "x" },
  { mode: -1 },
  { uid: "root" },
  { extended_attributes: 1 },
])("a node with %j is damage (T3)", (changes) => {
  expect(() => decodeTree(json(changes))).toThrow(Damage);
});

test("names that are not in order, or twice there, are damage (T2)", () => {
  const twice = encodeTree({ nodes: [folder, folder] });
  expect(() => decodeTree(twice)).toThrow(Damage);
  expect(() => decodeTree(encodeTree({ nodes: [...nodes].toReversed() }))).toThrow(Damage);
});

test.each(["", "[]", "{", "null"])("%j is no tree", (text) => {
  expect(() => decodeTree(Buffer.from(text))).toThrow(Damage);
});
