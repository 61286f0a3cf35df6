/** The shelf of a stream: what was received stays, whatever a receiver that begins anew writes. */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pruneLines } from "../../src/custodian/streams/prune-lines.ts";
import { type Shelf, shelve } from "../../src/custodian/streams/shelf.ts";
import { basesOf, linesIn, logOf, makeLine } from "../../src/custodian/streams/stream-folder.ts";
import { temporaryFolder } from "../afterwards.ts";

const header = "a header of more than forty characters: ".repeat(2);

function openShelf(kind: Shelf["kind"]): Shelf & { write: (name: string, text: string) => void } {
  const place = temporaryFolder("shelf");
  const [received, folder] = [join(place, "received"), join(place, "log")];
  mkdirSync(received);
  mkdirSync(folder);
  const write = (name: string, text: string): void => writeFileSync(join(received, name), text);
  return { kind, segmentBytes: 16 << 20, received, folder, write };
}

test("what grows is copied, what is finished costs no room twice, and nothing shrinks (S1, S2)", async () => {
  const shelf = openShelf("mariadb");
  shelf.write("log.000001", `${header}one`);
  expect(await shelve(shelf)).toBeUndefined();
  appendFileSync(join(shelf.received, "log.000001"), " two");
  await shelve(shelf);
  const path = join(shelf.folder, "log.000001");
  expect(readFileSync(path, "utf8")).toBe(`${header}one two`);
  // The receiver has begun the file anew.
  shelf.write("log.000001", `${header}o`);
  await shelve(shelf);
  expect(readFileSync(path, "utf8")).toBe(`${header}one two`);
  shelf.write("log.000001", `${header}one two three`);
  shelf.write("log.000002", header);
  await shelve(shelf);
  expect(statSync(path).ino).toBe(statSync(join(shelf.received, "log.000001")).ino);
  for (const number of [3, 4]) {
    shelf.write(`log.00000${number}`, header);
    await shelve(shelf);
  }
  expect(readdirSync(shelf.received)).toEqual(["log.000003", "log.000004"]);
  expect(readdirSync(shelf.folder)).toHaveLength(4);
  expect(readFileSync(path, "utf8")).toBe(`${header}one two three`);
});

test("a file that begins in another way, or is missing, is a gap (S3)", async () => {
  const shelf = openShelf("mariadb");
  shelf.write("log.000001", header);
  await shelve(shelf);
  shelf.write("log.000001", `another one, of the same name ${header}`);
  expect(await shelve(shelf)).toContain("begins in another way");
  const other = openShelf("mariadb");
  for (const number of [1, 2, 4]) other.write(`log.00000${number}`, header);
  expect(await shelve(other)).toBe("nothing lies between log.000002 and log.000004");
});

test("a segment that is finished takes the place of its part", async () => {
  const shelf = openShelf("postgres");
  const name = "000000010000000000000001";
  shelf.write(`${name}.partial`, header);
  await shelve(shelf);
  expect(readdirSync(shelf.folder)).toEqual([`${name}.partial`]);
  rmSync(join(shelf.received, `${name}.partial`));
  shelf.write(name, `${header}more`);
  await shelve(shelf);
  expect(readdirSync(shelf.folder)).toEqual([name]);
});

test("two bases stay with the log since the older one, and nothing goes before it is held (L1, L2, L3)", async () => {
  const folder = temporaryFolder("lines");
  const bases = [1, 2, 3].map((number) => ({
    id: `base-${number}`,
    atMs: number,
    keptAtMs: number,
    from: { file: `log.00000${number}`, offset: 4 },
  }));
  const note = { kind: "mariadb", segmentBytes: 0, bases } as const;
  const before = { ...note, ended: { atMs: 0, reason: "a gap" } };
  await makeLine(folder, "a", { ...before, bases: [...bases] });
  const line = await makeLine(folder, "b", { ...note, bases: [...bases] });
  for (const { id, from } of bases) {
    mkdirSync(join(basesOf(line.folder), id));
    writeFileSync(join(logOf(line.folder), from.file), header);
  }
  await pruneLines(line, { folder, isHeld: async (sinceMs) => sinceMs < 3 });
  expect(await linesIn(folder)).toHaveLength(2);
  expect(readdirSync(basesOf(line.folder))).toHaveLength(3);
  const pruned = await pruneLines(line, { folder, isHeld: async () => true });
  expect(pruned.note.bases.map(({ id }) => id)).toEqual(["base-2", "base-3"]);
  expect((await linesIn(folder)).map(({ id }) => id)).toEqual(["b"]);
  expect(readdirSync(basesOf(line.folder))).toEqual(["base-2", "base-3"]);
  expect(readdirSync(logOf(line.folder))).toEqual(["log.000002", "log.000003"]);
});
