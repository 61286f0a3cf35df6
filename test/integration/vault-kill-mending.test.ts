/** Kill -9 in the middle of heals and restores: what is there already is never worse for it. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { integerBetween, type Random } from "../../src/kernel/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { sample } from "../conformance/location-scene.ts";
import { pictureOf } from "./tree-picture.ts";
import { killAtRandomMoments, mustBeSound } from "./vault-kill-bench.ts";
import { inFolders, makeVault, repositoriesIn, work } from "./vault-work.ts";

const readsAllEvery = 5;
const damagesAtOnce = 8;
const isLeftover = (name: string): boolean => name.startsWith(".soulmirror-restore-");

/** By their paths below the repository. */
function filesOf(repository: string): readonly string[] {
  const all = readdirSync(repository, { recursive: true, encoding: "utf8" });
  const kept = all.filter((path) => /^(?:data\/..|index|snapshots|keys)\/[0-9a-f]{64}$/.test(path));
  return kept.toSorted();
}

function soundFilesOf(repository: string): readonly string[] {
  return filesOf(repository).filter((path) => {
    const hash = createHash("sha256")
      .update(readFileSync(join(repository, path)))
      .digest("hex");
    return path.endsWith(hash);
  });
}

const damages = [
  (path: string): void => rmSync(path),
  (path: string): void => truncateSync(path, readFileSync(path).length >> 1),
  (path: string): void => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 16;
    rmSync(path);
    writeFileSync(path, bytes, { mode: 0o400 });
  },
];

/** Of any kind and anywhere, but of no file everywhere. */
function damageSome(place: string, random: Random): void {
  const repositories = repositoriesIn(place);
  const oneOf = <T>(all: readonly T[]): T => all[integerBetween(random, 0, all.length - 1)] as T;
  const taken = new Set<string>();
  for (let count = 0; count < damagesAtOnce; count += 1) {
    const repository = oneOf(repositories);
    const path = oneOf(filesOf(repository).filter((each) => !taken.has(each)));
    taken.add(path);
    oneOf(damages)(join(repository, path));
  }
  if (integerBetween(random, 0, 2) === 0) oneOf(damages)(join(oneOf(repositories), "config"));
}

test("heal: what was sound stays sound, and the next one mends the rest", async () => {
  const place = temporaryFolder("vault-kill-heal");
  await makeVault(inFolders(place));
  for (let number = 0; number < 12; number += 1) {
    for (let file = 0; file < 4; file += 1) {
      const { bytes } = sample("pack", number * 4 + file, 30_000);
      writeFileSync(join(place, "source", `file-${number}-${file}`), bytes);
    }
    await work(inFolders(place), "backup");
  }
  const repositories = repositoriesIn(place);
  const snapshots = (): readonly (readonly string[])[] =>
    repositories.map((each) => readdirSync(join(each, "snapshots")).toSorted());
  const whole = snapshots();
  let before: readonly (readonly string[])[] = [];
  await killAtRandomMoments({
    place,
    verb: "heal",
    prepare(random) {
      damageSome(place, random);
      before = repositories.map(soundFilesOf);
    },
    async judge(kill) {
      for (const [at, repository] of repositories.entries()) {
        expect(soundFilesOf(repository)).toEqual(expect.arrayContaining([...(before[at] ?? [])]));
      }
      await work(inFolders(place), "heal");
      expect(snapshots()).toEqual(whole);
      await mustBeSound(place, kill % readsAllEvery === 0 ? "in full" : "in structure");
    },
  });
  await mustBeSound(place, "in full");
}, 900_000);

test("restore: only whole files are there, and the next one goes on", async () => {
  const place = temporaryFolder("vault-kill-restore");
  await makeVault(inFolders(place));
  const source = join(place, "source");
  for (let number = 0; number < 250; number += 1) {
    const below = join(source, `d${number % 20}`);
    mkdirSync(below, { recursive: true });
    const { bytes } = sample("pack", number, number % 9 === 0 ? 300_000 : 3000);
    writeFileSync(join(below, `f${number}`), bytes);
  }
  await work(inFolders(place), "backup");
  const target = join(place, "restored");
  const restored = join(target, source);
  const picture = pictureOf(source);
  const wholeLines = new Set(picture.split("\n").map(contentOf));
  await killAtRandomMoments({
    place,
    verb: "restore",
    // Some go on with what another one left that was killed as well.
    prepare: (random) => {
      if (integerBetween(random, 0, 2) > 0) rmSync(target, { recursive: true, force: true });
    },
    async judge(kill) {
      if (existsSync(restored)) {
        const lines = pictureOf(restored, { without: isLeftover }).split("\n");
        const files = lines.filter((line) => / 100\d+ /.test(line)).map(contentOf);
        expect(files.filter((line) => !wholeLines.has(line))).toEqual([]);
      }
      if (kill % 2 === 0) return;
      await work(inFolders(place), "restore");
      expect(pictureOf(restored)).toBe(picture);
      if (kill % readsAllEvery === 0) await mustBeSound(place, "in full");
      rmSync(target, { recursive: true });
    },
  });
  await work(inFolders(place), "restore");
  expect(pictureOf(restored)).toBe(picture);
  for (const repository of repositoriesIn(place)) {
    // What a kill left half written has a longer name, and is no lock.
    const locks = readdirSync(join(repository, "locks")).filter((name) => !name.includes("-tmp-"));
    expect(locks).toEqual([]);
  }
}, 900_000);

/** The name and the content of a line of a picture. */
function contentOf(line: string): string {
  const words = line.split(" ");
  return `${words[0]} ${words.at(-1)}`;
}
