import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import type { TreeNode } from "../format/tree-node.ts";
import { rawPathOfBytes, rawPathOfText } from "../raw-path.ts";
import { jsonOfListed, longLineOf } from "./list-paths.ts";

const node: TreeNode = {
  name: rawPathOfText("x"),
  permissions: 0o4754,
  uid: 7,
  gid: 8,
  user: "",
  group: "staff",
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: 0n,
  atimeNs: 0n,
  inode: 1n,
  deviceId: 1n,
  links: 1,
  attributes: [],
  kind: "file",
  sizeBytes: 1234,
  content: [],
};

describe("a listed path", () => {
  it("has a long line", () => {
    expect(longLineOf(rawPathOfText("/a/x"), node)).toBe(
      "-rwsr-xr-- 7 staff         1234 2023-11-14T22:13:20 /a/x",
    );
    const link: TreeNode = {
      ...node,
      kind: "symlink",
      target: rawPathOfText("y"),
      permissions: 0o1777,
    };
    expect(longLineOf(rawPathOfText("/l"), link)).toMatch(/^lrwxrwxrwt .* \/l -> y$/);
    expect(longLineOf(rawPathOfText("/f"), { ...node, permissions: 0o4000 })).toMatch(
      /^---S------ /,
    );
  });

  it("has a line of JSON that loses no byte of its name", () => {
    const path = rawPathOfBytes(Buffer.from("/\xff", "latin1"));
    const line: unknown = JSON.parse(jsonOfListed({ kind: "name", path, node }));
    expect(line).toMatchObject({ rawPath: "L/8=", type: "file", mode: "4754", size: 1234 });
    expect(line).toMatchObject({ mtimeNs: "1700000000123456789" });
    const text = jsonOfListed({ kind: "damaged", path: rawPathOfText("/ä"), reason: "gone" });
    expect(JSON.parse(text)).toEqual({ path: "/ä", damaged: "gone" });
  });
});
