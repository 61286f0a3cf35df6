/** Trees that are strange, or change while they are read; and targets that change meanwhile. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { sample } from "../conformance/location-scene.ts";
import { pictureOf } from "./tree-picture.ts";
import { inFolders, makeVault, repositoriesIn, restic, work } from "./vault-work.ts";

const program = fileURLToPath(new URL("vault-strange-busy.ts", import.meta.url));

/** Until what is returned is called. */
async function busy(...words: readonly string[]): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  afterwards(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return async () => {
    child.kill("SIGKILL");
    await ended;
    expect(child.signalCode).toBe("SIGKILL");
  };
}

test("20,000 files in a folder, long names, names of any bytes and shared files come back", async () => {
  const folder = temporaryFolder("vault-strange");
  await makeVault(inFolders(folder));
  const source = join(folder, "source");
  for (const below of ["many", "one", "two"]) mkdirSync(join(source, below));
  for (let number = 0; number < 20_000; number += 1) {
    writeFileSync(join(source, "many", `file-${number}`), number % 100 === 0 ? `${number}` : "");
  }
  for (const name of [
    "n".repeat(255),
    "two\nlines\n",
    "\xff\xfe \x80",
    "\\ \" ' $(x) *",
    "é".repeat(127),
  ]) {
    const path = Buffer.concat([Buffer.from(`${source}/one/`), Buffer.from(name, "latin1")]);
    writeFileSync(path, name.length < 10 ? name : "long");
  }
  writeFileSync(join(source, "one", "shared"), "the same file");
  linkSync(join(source, "one", "shared"), join(source, "two", "shared as well"));
  const server = createServer().listen(join(source, "socket"));
  await once(server, "listening");
  await work(inFolders(folder), "backup");
  server.close();
  await once(server, "close");
  rmSync(join(source, "socket"), { force: true });

  const picture = pictureOf(source);
  await work(inFolders(folder), "restore");
  // The socket was there, and then was not: that much changed the folder itself.
  expect(pictureOf(join(folder, "restored", source))).toBe(picture);
  for (const repository of repositoriesIn(folder)) {
    expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  }
  const target = join(folder, "by-restic");
  await restic(repositoriesIn(folder)[1], "restore", "latest", "--target", target);
  expect(pictureOf(join(target, source))).toBe(picture);
}, 400_000);

test("files that grow, shrink and vanish while they are read harm nothing but themselves", async () => {
  const folder = temporaryFolder("vault-strange");
  await makeVault(inFolders(folder));
  const source = join(folder, "source");
  for (let number = 0; number < 60; number += 1) {
    writeFileSync(join(source, `still-${number}`), sample("pack", number, 60_000).bytes);
  }
  const stop = await busy("change", join(source, "busy"));
  for (let round = 0; round < 4; round += 1) {
    // What was read less of than there should be is told.
    await work(inFolders(folder), "backup").catch((error: unknown) => {
      expect(String(error)).toMatch(/left something undone: .*"kind":"(?:short|unread)/);
    });
  }
  await stop();
  const [first] = repositoriesIn(folder);
  const ids = readdirSync(join(first, "snapshots"));
  expect(ids.length).toBeGreaterThanOrEqual(4);
  for (const repository of repositoriesIn(folder)) {
    expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  }
  for (const id of ids) {
    const target = join(folder, id.slice(0, 8));
    await restic(first, "restore", id, "--target", target);
    for (let number = 0; number < 60; number += 1) {
      const { bytes } = sample("pack", number, 60_000);
      expect(readFileSync(join(target, source, `still-${number}`)).equals(bytes)).toBe(true);
    }
  }
}, 400_000);

test("a link that is put in the place of a folder meanwhile leads no byte outside", async () => {
  const folder = temporaryFolder("vault-strange");
  const outside = temporaryFolder("vault-strange-outside");
  await makeVault(inFolders(folder));
  const source = join(folder, "source");
  mkdirSync(join(source, "swapped", "deeper"), { recursive: true });
  for (let number = 0; number < 300; number += 1) {
    const below = number % 2 === 0 ? "swapped" : "swapped/deeper";
    writeFileSync(join(source, below, `file-${number}`), sample("pack", number, 2000).bytes);
  }
  await work(inFolders(folder), "backup");
  const swapped = join(folder, "restored", source, "swapped");
  const stop = await busy("swap", swapped, outside);
  const endings: string[] = [];
  const isEnough = (): boolean => endings.length >= 5 && endings.includes("hindered");
  for (let round = 0; round < 40 && !isEnough(); round += 1) {
    const ending = work(inFolders(folder), "restore");
    endings.push(
      await ending.then(
        () => "whole",
        () => "hindered",
      ),
    );
    expect(readdirSync(outside)).toEqual([]);
  }
  await stop();
  expect(endings).toContain("hindered");
  rmSync(join(folder, "restored"), { recursive: true });
  await work(inFolders(folder), "restore");
  expect(pictureOf(join(folder, "restored", source))).toBe(pictureOf(source));
}, 400_000);
