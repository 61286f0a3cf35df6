/** Kill -9 in the middle of backups and prunes: what each of them leaves behind. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { integerBetween, type Random } from "../../src/kernel/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { killAtRandomMoments, mustBeSound } from "./vault-kill-bench.ts";
import { inFolders, keptSnapshots, makeVault, repositoriesIn, restic, work } from "./vault-work.ts";

/** Each of so many kills everything is read; each time, what refers to what. */
const readsAllEvery = 5;

function change(place: string, random: Random, files: number): void {
  for (let count = 0; count < files; count += 1) {
    const path = join(place, "source", `file-${integerBetween(random, 0, 40)}`);
    writeFileSync(path, randomBytes(integerBetween(random, 1, 60_000)));
  }
}

function snapshotsIn(place: string): readonly (readonly string[])[] {
  return repositoriesIn(place).map((each) => readdirSync(join(each, "snapshots")).toSorted());
}

async function lookAt(place: string, kill: number): Promise<void> {
  await mustBeSound(place, kill % readsAllEvery === 0 ? "in full" : "in structure");
}

async function mustRestore(place: string): Promise<void> {
  for (const repository of repositoriesIn(place)) {
    const target = temporaryFolder("vault-kill-restored");
    await restic(repository, "restore", "latest", "--target", target);
    execFileSync("diff", ["-r", join(place, "source"), join(target, place, "source")]);
  }
}

test("backup: no snapshot that was there is lost, and the next one is whole", async () => {
  const place = temporaryFolder("vault-kill-backup");
  await makeVault(inFolders(place));
  let before = snapshotsIn(place);
  await killAtRandomMoments({
    place,
    verb: "backup",
    prepare: (random) => change(place, random, 30),
    async judge(kill) {
      const left = snapshotsIn(place);
      for (const [at, names] of before.entries()) {
        expect(left[at]).toEqual(expect.arrayContaining([...names]));
      }
      await lookAt(place, kill);
      await work(inFolders(place), "backup");
      before = snapshotsIn(place);
      // What the killed one had written to one location alone is brought to the other.
      expect(before[0]).toEqual(before[1]);
    },
  });
  await mustRestore(place);
}, 900_000);

test("prune: what is kept stays whole, and the next one removes the rest", async () => {
  const place = temporaryFolder("vault-kill-prune");
  await makeVault(inFolders(place));
  let kept: readonly string[] = [];
  await killAtRandomMoments({
    place,
    verb: "prune",
    async prepare(random) {
      change(place, random, 12);
      const [before = []] = snapshotsIn(place);
      await work(inFolders(place), "backup");
      const [after = []] = snapshotsIn(place);
      const fresh = after.filter((id) => !before.includes(id));
      kept = [...kept, ...fresh].slice(-keptSnapshots);
    },
    async judge(kill) {
      for (const names of snapshotsIn(place)) {
        expect(names).toEqual(expect.arrayContaining([...kept]));
      }
      await lookAt(place, kill);
      await work(inFolders(place), "prune");
      for (const names of snapshotsIn(place)) expect(names).toEqual(kept.toSorted());
    },
  });
  await mustBeSound(place, "in full");
  await mustRestore(place);
}, 900_000);
