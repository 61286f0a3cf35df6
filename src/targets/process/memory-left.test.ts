import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createMemoryLeft } from "./memory-left.ts";

/** Files as the kernel shows them, in a folder of their own. */
function kernel(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "memory-left-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const write = (name: string, text: string): void => {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const now = { wallMs: 0, monotonicMs: 0 };
  const clock = { now: () => ({ ...now }) };
  const left = (...groups: string[]) =>
    createMemoryLeft({ clock, procRoot: root, groups: groups.map((group) => join(root, group)) });
  return { write, now, left };
}

const meminfo = "MemTotal:  8000 kB\nMemFree:  10 kB\nMemAvailable:  4000 kB\n";

test("what the machine has, where no group has less", () => {
  const { left } = kernel({ meminfo, "a/b/memory.max": "max\n", "a/b/memory.current": "5\n" });
  expect(left("a/b")()).toBe(4000 * 1024);
  expect(left()()).toBe(4000 * 1024);
  const { left: unlimited } = kernel({
    meminfo,
    "a/memory.limit_in_bytes": "9223372036854771712\n",
    "a/memory.usage_in_bytes": "7\n",
  });
  expect(unlimited("a")()).toBe(4000 * 1024);
});

test("what a group above the daemon has left; what it caches counts as left", () => {
  const { left } = kernel({
    meminfo,
    "a/memory.max": "1000000\n",
    "a/memory.current": "900000\n",
    "a/memory.stat": "anon 1\ninactive_file 50000\n",
    "a/b/memory.max": "max\n",
  });
  expect(left("a/b")()).toBe(150_000);
  const { left: older } = kernel({
    meminfo,
    "a/memory.limit_in_bytes": "1000000\n",
    "a/memory.usage_in_bytes": "900000\n",
    "a/memory.stat": "inactive_file 1\ntotal_inactive_file 20000\n",
  });
  expect(older("a")()).toBe(120_000);
});

test("one look serves all for a second; nothing is said where nothing is shown", () => {
  const { left, now, write } = kernel({ meminfo });
  const ask = left();
  expect(ask()).toBe(4000 * 1024);
  write("meminfo", "MemAvailable:  1 kB\n");
  now.monotonicMs = 999;
  expect(ask()).toBe(4000 * 1024);
  now.monotonicMs = 1000;
  expect(ask()).toBe(1024);
  expect(kernel({}).left("a")()).toBeUndefined();
});
