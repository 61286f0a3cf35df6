import { expect, test } from "vitest";
import { rawPathOfText } from "../vault/index.ts";
import { protectedTree } from "./protected-tree.ts";

const location = (folder: string) =>
  ({
    address: { kind: "file", folder },
    name: `file:${folder}`,
    region: "",
    isAppendOnly: false,
    credentials: {},
  }) as const;

test("leaves out what its owner says, relative to each source, and its own locations (1)", () => {
  const { isExcluded } = protectedTree({
    sources: ["/none/a", "/none/b"],
    exclude: ["**/*.tmp", "cache/**"],
    locations: [location("/none/b/vault")],
    dataFolder: "/none/a/.soulmirror",
  });
  const excluded = (path: string): boolean => isExcluded(rawPathOfText(path));
  expect(excluded("/none/a/x.tmp")).toBe(true);
  expect(excluded("/none/b/cache/x")).toBe(true);
  expect(excluded("/none/b/deep/cache/x")).toBe(false);
  expect(excluded("/none/b/vault")).toBe(true);
  expect(excluded("/none/b/vault/data/00")).toBe(true);
  expect(excluded("/none/b/vaults")).toBe(false);
  expect(excluded("/none/a")).toBe(false);
  expect(excluded("/none/a/.soulmirror/logs/daemon.log")).toBe(true);
});

test("a pattern that cannot be one is an error of the fleet file", () => {
  const wanted = { sources: ["/none"], exclude: ["a{"], locations: [] };
  expect(() => protectedTree(wanted)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
