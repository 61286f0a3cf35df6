import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { copyAside, sweepAside, takeBack } from "../../src/custodian/agent/aside.ts";
import { createTreeSource } from "../../src/platform/tree/index.ts";
import { type RawPath, rawPathOfText, type SourceEntry } from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const dayMs = 86_400_000;

function seenAt(path: RawPath): SourceEntry {
  const entry = createTreeSource().look(path);
  if (entry === undefined) throw new Error("it is there");
  return entry;
}

test("A3: what is taken back is as it was, and nothing is left beside it", async () => {
  const place = temporaryFolder("aside");
  const [file, folder] = [join(place, "file"), join(place, "folder")];
  writeFileSync(file, "damaged");
  chmodSync(file, 0o4751);
  utimesSync(file, 1_700_000_000, 1_700_000_000.25);
  mkdirSync(folder);
  writeFileSync(join(folder, "inside"), "of it");
  for (const text of [file, folder]) {
    const path = rawPathOfText(text);
    const seen = seenAt(path);
    const aside = await copyAside(path, join(place, "kept"), `1-${seen.kind}`);
    const healed = join(place, "healed");
    writeFileSync(healed, "as the vault has it");
    takeBack(aside, rawPathOfText(healed), seen);
    if (seen.kind === "file") {
      const { gid, mtimeNs, permissions, sizeBytes, uid } = seen;
      const before = { gid, mtimeNs, permissions, sizeBytes, uid };
      expect(seenAt(rawPathOfText(healed))).toMatchObject(before);
    }
    if (seen.kind === "dir") expect(readFileSync(join(healed, "inside"), "utf8")).toBe("of it");
    if (seen.kind === "file") expect(readFileSync(healed, "utf8")).toBe("damaged");
  }
  expect(readdirSync(place).toSorted()).toEqual(["file", "folder", "healed", "kept"]);
  expect(lstatSync(join(place, "kept")).mode & 0o777).toBe(0o700);
});

test("A3: where something else stands by now, nothing is left beside it", async () => {
  const place = temporaryFolder("aside");
  const [file, folder] = [join(place, "file"), join(place, "folder")];
  writeFileSync(file, "damaged");
  mkdirSync(join(folder, "inside"), { recursive: true });
  const raw = rawPathOfText(file);
  const aside = await copyAside(raw, join(place, "kept"), "1");
  expect(() => takeBack(aside, rawPathOfText(folder), seenAt(raw))).toThrow("EISDIR");
  expect(readdirSync(place).toSorted()).toEqual(["file", "folder", "kept"]);
  expect(readdirSync(folder)).toEqual(["inside"]);
});

test("A2: what is too old or too much goes, and never what is of the last day", () => {
  const folder = temporaryFolder("aside");
  const nowMs = 1_800_000_000_000;
  const keep = (ageDays: number, name: string): string => {
    const full = `${nowMs - ageDays * dayMs}-1-${name}`;
    writeFileSync(join(folder, full), Buffer.alloc(100));
    return full;
  };
  const fresh = [keep(0, "a"), keep(0.5, "b"), keep(0.9, "c")];
  const young = keep(2, "d");
  const surplus = keep(3, "e");
  const old = keep(100, "f");
  mkdirSync(join(folder, `${nowMs - 4 * dayMs}-1-g`));
  writeFileSync(join(folder, `${nowMs - 4 * dayMs}-1-g`, "inside"), Buffer.alloc(100));
  writeFileSync(join(folder, "somebody's"), "");
  sweepAside(folder, nowMs, { keptMs: 90 * dayMs, keptBytes: 450 });
  expect(readdirSync(folder).toSorted()).toEqual([...fresh, young, "somebody's"].toSorted());
  expect(existsSync(join(folder, surplus)) || existsSync(join(folder, old))).toBe(false);
  sweepAside(folder, nowMs, { keptMs: dayMs / 2, keptBytes: 50 });
  expect(readdirSync(folder).toSorted()).toEqual([...fresh, "somebody's"].toSorted());
});
