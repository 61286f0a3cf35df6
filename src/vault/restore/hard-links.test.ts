import { expect, test } from "vitest";
import type { FileNode } from "../format/tree-node.ts";
import { rawPathOfText } from "../raw-path.ts";
import { HardLinks } from "./hard-links.ts";

const [one, other] = ["a".repeat(64), "b".repeat(64)];

function node(content: readonly string[]): FileNode {
  return {
    kind: "file",
    name: rawPathOfText("name"),
    permissions: 0o644,
    mtimeNs: 1n,
    ctimeNs: 1n,
    atimeNs: 1n,
    uid: 0,
    gid: 0,
    user: "",
    group: "",
    inode: 7n,
    deviceId: 1n,
    links: 2,
    attributes: [],
    sizeBytes: 4,
    content,
  };
}

test("a second name of the same content is a link, one of another content is not (H1)", () => {
  const links = new HardLinks();
  const [first, second, third] = ["x/a", "y/a", "z/a"].map(rawPathOfText);
  if (!(first && second && third)) throw new Error("three paths");
  expect(links.firstOf(node([one]), first)).toBeUndefined();
  expect(links.firstOf(node([other]), second)).toBeUndefined();
  expect(links.firstOf(node([one]), third)).toBe(first);
});
