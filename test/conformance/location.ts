/** What every location promises (the contract is in `src/vault/location.ts`), as one suite. */
import { describe, expect, test } from "vitest";
import { fileKinds, pathOfFile } from "../../src/vault/index.ts";
import {
  asListed,
  inParts,
  listed,
  never,
  type OpenScene,
  putAll,
  type SampleFile,
  sample,
} from "./location-scene.ts";

export function locationConformance(name: string, open: OpenScene): void {
  describe(`the location: ${name}`, () => {
    fileTests(open);
    replaceTests(open);
    contentTests(open);
    rangeTests(open);
    listTests(open);
    concurrencyTests(open);
    abortTests(open);
  });
}

function fileTests(open: OpenScene): void {
  test("is prepared twice as once, and is empty then", async () => {
    await using scene = await open();
    await scene.location.prepare(never);
    await scene.location.prepare(never);
    for (const kind of fileKinds) expect(await listed(scene.location, kind)).toEqual([]);
  });

  test("keeps files of every kind, at the paths of restic", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    for (const kind of fileKinds) {
      const { file, bytes } = sample(kind, 1);
      expect(await location.stat(file, never)).toBeUndefined();
      await location.put(file, inParts(bytes, 300), never);
      expect(await location.stat(file, never)).toBe(bytes.length);
      expect(await location.get(file, never)).toEqual(bytes);
      expect(await listed(location, kind)).toEqual(asListed([{ file, bytes }]));
      if (kind === "config") continue;
      const planted = sample(kind, 2);
      await scene.plant(pathOfFile(planted.file), planted.bytes);
      expect(await location.get(planted.file, never)).toEqual(planted.bytes);
    }
  });

  test("L3: puts what is there already without harm, and removes what is not", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1);
    await location.put(file, [bytes], never);
    await location.put(file, [bytes], never);
    expect(await location.get(file, never)).toEqual(bytes);
    expect(await listed(location, "pack")).toEqual(asListed([{ file, bytes }]));
    await location.remove(file, never);
    await location.remove(file, never);
    expect(await location.stat(file, never)).toBeUndefined();
    expect(await listed(location, "pack")).toEqual([]);
    await location.put(file, [bytes], never);
    expect(await location.get(file, never)).toEqual(bytes);
  });

  test("L3: refuses a second config, and keeps the first", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("config", 1);
    const puts = [1, 2, 3, 4].map((number) =>
      location.put(file, [sample("config", number).bytes], never),
    );
    const done = await Promise.allSettled(puts);
    expect(done.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const winner = sample("config", 1 + done.findIndex(({ status }) => status === "fulfilled"));
    expect(await location.get(file, never)).toEqual(winner.bytes);
    await expect(location.put(file, [bytes], never)).rejects.toMatchObject({ kind: "exists" });
    expect(await location.get(file, never)).toEqual(winner.bytes);
  });
}

function replaceTests(open: OpenScene): void {
  test("L3: replaces what has the name, of every kind, and puts what is not there", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    for (const kind of fileKinds) {
      const { file, bytes } = sample(kind, 1);
      await scene.plant(pathOfFile(file), sample(kind, 2, 3000).bytes);
      await location.replace(file, inParts(bytes, 300), never);
      expect(await location.get(file, never)).toEqual(bytes);
      expect(await listed(location, kind)).toEqual(asListed([{ file, bytes }]));
    }
    const fresh = sample("snapshot", 3);
    await location.replace(fresh.file, [fresh.bytes], never);
    expect(await location.get(fresh.file, never)).toEqual(fresh.bytes);
  });
}

function contentTests(open: OpenScene): void {
  test("says what is missing, and names itself and the file", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file } = sample("snapshot", 1);
    const failure = await location.get(file, never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "LocationFault", kind: "missing" });
    expect(String(failure)).toContain(location.traits.name);
    expect(String(failure)).toContain(file.id);
  });

  test("keeps a file of 32 MiB", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1, 32 * 1024 * 1024);
    await location.put(file, inParts(bytes, 3_000_000), never);
    expect(await location.stat(file, never)).toBe(bytes.length);
    const back = await location.get(file, never);
    expect(Buffer.compare(back, bytes)).toBe(0);
    const range = { offset: 17_000_001, length: 5_000_000 };
    const middle = await location.get(file, never, range);
    expect(Buffer.compare(middle, bytes.subarray(range.offset, range.offset + range.length))).toBe(
      0,
    );
  });
}

function rangeTests(open: OpenScene): void {
  test("gives exactly the range, and says when the file ends before it", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1, 5000);
    await location.put(file, [bytes], never);
    const ask = (offset: number, length: number) => location.get(file, never, { offset, length });
    for (const [offset, length] of [
      [0, 1],
      [0, 5000],
      [4999, 1],
      [100, 3000],
    ] as const) {
      expect(await ask(offset, length)).toEqual(bytes.subarray(offset, offset + length));
    }
    for (const [offset, length] of [
      [0, 5001],
      [4999, 2],
      [5000, 1],
      [9000, 10],
    ] as const) {
      await expect(ask(offset, length)).rejects.toMatchObject({ kind: "short" });
    }
    const other = sample("pack", 2).file;
    await expect(location.get(other, never, { offset: 0, length: 1 })).rejects.toMatchObject({
      kind: "missing",
    });
  });
}

function listTests(open: OpenScene): void {
  test("lists thousands of files, each of them once", { timeout: 60_000 }, async () => {
    await using scene = await open();
    await scene.location.prepare(never);
    const samples = Array.from({ length: 3000 }, (_, number) => sample("snapshot", number, 40));
    const packs = Array.from({ length: 600 }, (_, number) => sample("pack", number, 50));
    for (const { file, bytes } of [...samples, ...packs]) {
      await scene.plant(pathOfFile(file), bytes);
    }
    expect(await listed(scene.location, "snapshot")).toEqual(asListed(samples));
    expect(await listed(scene.location, "pack")).toEqual(asListed(packs));
  });

  test("is left in the middle of a list, and goes on", async () => {
    await using scene = await open();
    await scene.location.prepare(never);
    const samples = Array.from({ length: 30 }, (_, number) => sample("index", number, 40));
    await putAll(scene.location, samples);
    for await (const first of scene.location.list("index", never)) {
      expect(first.sizeBytes).toBe(40);
      break;
    }
    expect(await listed(scene.location, "index")).toEqual(asListed(samples));
  });

  test("leaves out names that are none of ours", async () => {
    await using scene = await open();
    await scene.location.prepare(never);
    const real = sample("pack", 1);
    await scene.location.put(real.file, [real.bytes], never);
    const { id } = sample("pack", 2).file;
    const folder = `data/${id.slice(0, 2)}`;
    const strangers = [
      `${folder}/${id}-tmp-123456`,
      `${folder}/${id}-restic-temp-0123456789abcdef`,
      `${folder}/${id.slice(1)}`,
      `${folder}/.${id}`,
      `data/README`,
      `${folder}/${id.toUpperCase()}`,
      `snapshots/${id}.bak`,
      `keys/key.txt`,
      `locks/${id}0`,
      `index/x/${id}`,
    ];
    for (const path of strangers) await scene.plant(path, real.bytes);
    expect(await listed(scene.location, "pack")).toEqual(asListed([real]));
    for (const kind of ["snapshot", "key", "lock", "index", "config"] as const) {
      expect(await listed(scene.location, kind)).toEqual([]);
    }
  });
}

function concurrencyTests(open: OpenScene): void {
  test("does sixteen things at once", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const samples = Array.from({ length: 16 }, (_, number) => sample("pack", number, 200_000));
    await putAll(location, samples);
    const same = sample("snapshot", 1);
    await putAll(location, Array<SampleFile>(16).fill(same));
    expect(await location.get(same.file, never)).toEqual(same.bytes);
    const back = await Promise.all(samples.map(({ file }) => location.get(file, never)));
    back.forEach((bytes, at) => {
      expect(Buffer.compare(bytes, samples[at]?.bytes ?? Buffer.of())).toBe(0);
    });
    const lists = await Promise.all(samples.map(() => listed(location, "pack")));
    for (const list of lists) expect(list).toEqual(asListed(samples));
    await Promise.all(samples.map(({ file }) => location.remove(file, never)));
    expect(await listed(location, "pack")).toEqual([]);
  });

  test("L1: shows a file whole or not at all", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1, 4_000_000);
    const put = new AbortController();
    const sizes = new Set<number | undefined>();
    const look = async (): Promise<void> => {
      while (!put.signal.aborted) {
        sizes.add(await location.stat(file, never));
        for (const { sizeBytes } of await listed(location, "pack")) sizes.add(sizeBytes);
        sizes.add(
          await location.get(file, never).then(
            ({ length }) => length,
            () => undefined,
          ),
        );
      }
    };
    const looking = look();
    for (let round = 0; round < 5; round += 1) {
      await location.put(file, inParts(bytes, 100_000), never);
      await location.remove(file, never);
    }
    put.abort();
    await looking;
    sizes.delete(undefined);
    sizes.delete(bytes.length);
    expect(Array.from(sizes)).toEqual([]);
  });
}

function abortTests(open: OpenScene): void {
  test("L5: begins nothing for who has given up, and says why", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1);
    const enough = new Error("enough");
    const gone = AbortSignal.abort(enough);
    await expect(location.prepare(gone)).rejects.toBe(enough);
    await expect(location.put(file, [bytes], gone)).rejects.toBe(enough);
    await expect(location.replace(file, [bytes], gone)).rejects.toBe(enough);
    await expect(location.get(file, gone)).rejects.toBe(enough);
    await expect(location.stat(file, gone)).rejects.toBe(enough);
    await expect(listed(location, "pack", gone)).rejects.toBe(enough);
    await expect(location.remove(file, gone)).rejects.toBe(enough);
    expect(await location.stat(file, never)).toBeUndefined();
  });

  test("L1, L5: an abort in the middle leaves the whole file or nothing", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1, 4_000_000);
    const enough = new Error("enough");
    for (const delayMs of [0, 1, 2, 4, 8]) {
      const giveUp = new AbortController();
      const put = location.put(file, inParts(bytes, 100_000), giveUp.signal).catch(String);
      setTimeout(() => giveUp.abort(enough), delayMs);
      expect([undefined, String(enough)]).toContain(await put);
      expect([undefined, bytes.length]).toContain(await location.stat(file, never));
      await location.put(file, [bytes], never);
      expect(Buffer.compare(await location.get(file, never), bytes)).toBe(0);
      await location.remove(file, never);
    }
  });
}
