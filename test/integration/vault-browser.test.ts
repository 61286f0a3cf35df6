/** `vault browse` over a vault in memory: what a person sees, key by key. */
import { expect, onTestFinished, test } from "vitest";
import { KeyReader } from "../../src/cli/keys.ts";
import type { Size } from "../../src/cli/screen.ts";
import { createStyle } from "../../src/cli/style.ts";
import { Browser } from "../../src/cli/vault/browse/browser.ts";
import { VaultWindow } from "../../src/cli/vault/browse/vault-window.ts";
import type { VaultSpec } from "../../src/config/index.ts";
import { openScene, type RepairScene, store } from "../../src/vault/repair/repair-bench.ts";

const spec = {
  name: "treasure",
  locations: [{}, {}],
  categories: { critical: ["file000"] },
  limits: {},
} as unknown as VaultSpec;

interface Person {
  readonly browser: Browser;
  /** Types, and waits until the picture has that. */
  readonly types: (keys: string, sees: string) => Promise<string>;
}

function open({ vault }: RepairScene, size: Size = { columns: 80, rows: 24 }): Person {
  const opened = { vault, keys: undefined as never };
  const { signal } = new AbortController();
  const window = new VaultWindow({ spec, opened, folder: "/nowhere/at/all", signal });
  const style = createStyle({ isColoured: false, isAscii: true });
  const browser = new Browser({ window, style, redraw: () => undefined });
  onTestFinished(async () => {
    await browser.finish();
    await window[Symbol.asyncDispose]();
  });
  const keys = new KeyReader();
  const picture = (): string => {
    const lines = browser.picture(size);
    expect(lines).toHaveLength(size.rows);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(size.columns);
    return lines.join("\n");
  };
  return {
    browser,
    types: async (typed, sees) => {
      for (const key of [...keys.read(Buffer.from(typed)), ...keys.flush()]) browser.press(key);
      await expect.poll(picture).toContain(sees);
      return picture();
    },
  };
}

async function twoSnapshots(): Promise<RepairScene> {
  const scene = openScene(2);
  await store(scene, ["zero\n", "one\tand\u0007more\n", "\0\x01binary"], 1000);
  await store(scene, ["zero\n", "changed\n", "\0\x01binary", "new\n"], 2000);
  return scene;
}

test("shows snapshots with what they hold, then folders, then contents", async () => {
  const { types } = open(await twoSnapshots());
  const snapshots = await types("", "2 snapshots");
  expect(snapshots).toMatch(/> [0-9a-f]{8} {2}1970-01-01 00:00:02/);
  await types("", "4 files; critical 1");
  const folder = await types("\r", "4 names");
  expect(folder).toMatch(/> {3}file000 +5 B {2}1970-01-01 00:00:00 {2}critical/);
  expect(await types("G", "> ")).toMatch(/> {3}file003 +4 B/);
  await types("\u001b[A\r", "no text; 8 B");
  await types("\u001b", "4 names");
  await types("k\r", "changed");
  // Up to the root, and back to the snapshots.
  await types("\u001b", "4 names");
  expect(await types("u", "1 name")).toMatch(/> {3}folder\/ +\d+ B/);
  await types("\u001b", "2 snapshots");
});

test("shows versions and differences, and no control characters of contents", async () => {
  const { types } = open(await twoSnapshots());
  await types("", "2 snapshots");
  const differences = await types("d", "2 differences");
  expect(differences).toContain("M /folder/file001");
  expect(differences).toContain("+ /folder/file003");
  await types("\r", "4 names");
  const versions = await types("v", "2 versions");
  expect(versions).toMatch(/> 1970-01-01 00:00:02 .* 1 snapshot/);
  expect(await types("j\r", "one")).toContain("one    and\\x07more");
});

test("finds names by a part and by a pattern, and goes there", async () => {
  const { types } = open(await twoSnapshots());
  await types("", "2 snapshots");
  await types("/", "Find which names?");
  await types("LE00x\u007f", "> LE00_");
  await types("\r", "4 found; 5 names looked at");
  await types("\u001b", "2 snapshots");
  await types("/*1\r", "1 found");
  expect(await types("\r", "4 names")).toContain(">   file001");
});

test("asks where to restore to, and what becomes of what is newer; escape takes it back", async () => {
  const { types } = open(await twoSnapshots(), { columns: 40, rows: 10 });
  await types("", "2 snapshots");
  await types("\r", "4 names");
  expect(await types("  ", "2 marked")).toContain("* file001");
  await types("r", "Restore 2 paths below which folder?");
  await types("\u0015/\r", "INTO PLACE");
  // Into place nothing is done by one key too many.
  await types("\r", "Nothing was restored.");
  await types("r", "Restore 2 paths");
  await types("\u001b", "2 marked");
});

test("goes on when something cannot be read, and says what", async () => {
  const scene = await twoSnapshots();
  const { types } = open(scene);
  await types("", "2 snapshots");
  await types("\r", "4 names");
  for (const { files } of scene.locations) {
    for (const path of files.keys()) if (path.startsWith("data/")) files.delete(path);
  }
  await types("j\r", "cannot be read");
  await types("\u001b", "4 names");
});

test("a very small terminal is no trouble, and q ends it", async () => {
  const { browser, types } = open(await twoSnapshots(), { columns: 12, rows: 3 });
  await types("", "treasure");
  await types("\r", "> ");
  expect(browser.ended.aborted).toBe(false);
  await types("q", "");
  expect(browser.ended.aborted).toBe(true);
});
