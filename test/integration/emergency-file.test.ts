/** What lies beside the store: the emergency file, torn at any byte, and the audit key. */
import { open, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EmergencyFile } from "../../src/platform/store/emergency-file.ts";
import {
  bringEmergencyFile,
  claimEmergencyFile,
  openAuditKey,
  openEmergencyFile,
  readAuditKey,
  readEmergencyFile,
  releaseEmergencyFile,
} from "../../src/platform/store/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { notes, sealAll } from "../conformance/entries.ts";

test("what daemons that were killed left behind goes, unless somebody may want it", async () => {
  const spare = temporaryFolder("store");
  const place = (name: string): string => join(spare, `${name}.journal`);
  const data = async (name: string): Promise<string> => {
    const file = await openEmergencyFile(place(name), { sizeBytes: 2 ** 16 });
    if (name.startsWith("full")) await file.append({ storeEnd: 0, entries: sealAll(notes(2)) });
    await file.close();
    const path = temporaryFolder("store");
    await claimEmergencyFile(place(name), path);
    return path;
  };
  await data("alive");
  for (const name of ["empty-gone", "full-gone"]) {
    await rm(await data(name), { recursive: true });
  }
  await data("mine");
  const left = ["alive", "full-gone", "mine"].flatMap((name) => [
    `${name}.journal`,
    `${name}.owner`,
  ]);
  expect((await readdir(spare)).toSorted()).toEqual(left);
  releaseEmergencyFile(place("mine"));
  expect((await readdir(spare)).toSorted()).toEqual(left.slice(0, 4));
  expect((await readEmergencyFile(place("full-gone")))?.entries).toHaveLength(2);
  expect(await readEmergencyFile(place("mine"))).toBeUndefined();
});

test("a file that lies elsewhere is brought, and never over one that holds entries", async () => {
  const [here, there] = [
    join(temporaryFolder("store"), "a.journal"),
    join(temporaryFolder("store"), "a.journal"),
  ];
  const keep = async (path: string, count: number): Promise<void> => {
    const file = await openEmergencyFile(path, { sizeBytes: 2 ** 16 });
    if (count > 0) await file.append({ storeEnd: 0, entries: sealAll(notes(count)) });
    await file.close();
    await claimEmergencyFile(path, "/srv/data");
  };
  const count = async (path: string): Promise<number | undefined> =>
    (await readEmergencyFile(path))?.entries.length;
  await keep(there, 0);
  await bringEmergencyFile(here, [here, there]);
  expect([await count(here), await count(there)]).toEqual([undefined, undefined]);
  await keep(there, 2);
  await bringEmergencyFile(here, [here, there]);
  expect([await count(here), await count(there)]).toEqual([2, undefined]);
  expect((await stat(here)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(there, ".."))).toEqual([]);
  await keep(there, 3);
  await expect(bringEmergencyFile(here, [here, there])).rejects.toThrow("both hold entries");
  expect([await count(here), await count(there)]).toEqual([2, 3]);
});

describe("the emergency file", () => {
  test.each(["removed", "replaced"])(
    "is made anew with what it held when it was %s (E4)",
    async (how) => {
      const path = join(temporaryFolder("store"), "emergency");
      const file = await openEmergencyFile(path, { sizeBytes: 2 ** 16 });
      const sealed = sealAll(notes(3));
      await file.append({ storeEnd: 0, entries: sealed.slice(0, 2) });
      await rm(path);
      if (how === "replaced") await writeFile(path, "");
      await file.append({ storeEnd: 0, entries: sealed.slice(2) });
      expect(await file.read()).toEqual({ storeEnd: 0, entries: sealed });
      await file.close();
      expect((await readEmergencyFile(path))?.entries).toEqual(sealed);
      expect((await stat(path)).size).toBe(2 ** 16);
    },
  );

  test("keeps its size, survives a torn end at every byte, and starts over", async () => {
    const path = join(temporaryFolder("store"), "emergency");
    const file = await openEmergencyFile(path, { sizeBytes: 2 ** 16 });
    const sealed = sealAll(notes(6));
    await file.append({ storeEnd: 4, entries: sealed.slice(0, 3) });
    const whole = file.usedBytes;
    await file.append({ storeEnd: 3, entries: sealed.slice(3) });
    const used = file.usedBytes;
    expect(await file.read()).toEqual({ storeEnd: 3, entries: sealed });
    await file.close();
    const content = await readFile(path);
    expect(content.length).toBe(2 ** 16);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const torn = join(temporaryFolder("store"), "torn");
    for (let end = whole; end < used; end += 7) {
      await writeFile(torn, content.subarray(0, end));
      await truncate(torn, content.length);
      const again = await openEmergencyFile(torn, { sizeBytes: 2 ** 16 });
      expect((await again.read()).entries).toEqual(sealed.slice(0, 3));
      await again.append({ storeEnd: 3, entries: sealed.slice(3) });
      expect((await again.read()).entries).toEqual(sealed);
      await again.reset();
      expect((await again.read()).entries).toEqual([]);
      await again.close();
    }
    expect((await stat(torn)).size).toBe(2 ** 16);
  });

  test("loses nothing that is written after it was half emptied", async () => {
    const path = join(temporaryFolder("store"), "emergency");
    await (await openEmergencyFile(path, { sizeBytes: 2 ** 18 })).close();
    const handle = await open(path, "r+");
    const file = new EmergencyFile(path, handle, 2 ** 18);
    afterwards(() => file.close());
    const sealed = sealAll(notes(1000));
    await file.append({ storeEnd: 0, entries: sealed.slice(0, 10) });
    await file.append({ storeEnd: 0, entries: sealed.slice(10, 999) });
    expect(file.usedBytes).toBeGreaterThan(2 ** 17);
    // A disk that fails at the second piece.
    const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<unknown>;
    let writes = 0;
    const failing = async (...values: unknown[]): Promise<unknown> => {
      writes += 1;
      if (writes === 2) throw new Error("EIO: i/o error, write");
      return await write(...values);
    };
    Object.assign(handle, { write: failing });
    await expect(file.reset()).rejects.toThrow("EIO");
    await file.append({ storeEnd: 0, entries: sealed.slice(999) });
    const left = (await readEmergencyFile(path))?.entries;
    expect(left).toEqual([...sealed.slice(0, 10), ...sealed.slice(999)]);
  });

  test("refuses what does not fit, whole", async () => {
    const file = await openEmergencyFile(join(temporaryFolder("store"), "emergency"), {
      sizeBytes: 4096,
    });
    afterwards(() => file.close());
    const sealed = sealAll(notes(200));
    await expect(file.append({ storeEnd: 0, entries: sealed })).rejects.toThrow("full");
    await file.append({ storeEnd: 0, entries: sealed.slice(0, 1) });
    expect((await file.read()).entries).toEqual(sealed.slice(0, 1));
  });
});

describe("the audit key", () => {
  test("is made once, for its owner only, and refuses what is no key", async () => {
    const path = join(temporaryFolder("store"), "audit.key");
    const first = await openAuditKey(path);
    const second = await openAuditKey(path);
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(second.mac("text")).toBe(first.mac("text"));
    expect((await readAuditKey(path))("text")).toBe(first.mac("text"));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, "no key");
    await expect(openAuditKey(path)).rejects.toMatchObject({ code: "DATA_DIRECTORY_UNUSABLE" });
  });
});

test("of two who make the audit key one is first, and nothing is left beside it", async () => {
  const path = join(temporaryFolder("store"), "audit.key");
  const [one, two] = await Promise.all([openAuditKey(path), openAuditKey(path)]);
  expect(one.mac("text")).toBe(two.mac("text"));
  expect([one, two].filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await readdir(join(path, ".."))).toEqual(["audit.key"]);
});
