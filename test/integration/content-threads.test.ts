/** The threads of a backup, without the rest of it. */
import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WorkerThreads } from "../../src/platform/content/index.ts";
import { createKernels } from "../../src/platform/kernels/index.ts";
import { randomPool } from "../../src/system/index.ts";
import { Codec, createSealer, type ReadFile, rawPathOfText } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

const keys = {
  encrypt: Uint8Array.from(randomBytes(32)),
  macK: Uint8Array.from(randomBytes(16)),
  macR: Uint8Array.from(randomBytes(16)),
};
const codec = new Codec(createSealer(keys, createKernels()), randomPool());
const { signal } = new AbortController();
const piece = randomBytes(1 << 20);

/** Half of it by chance, half the same again and again. */
function fileOf(megabytes: number): string {
  const path = join(temporaryFolder("content"), "file");
  for (let at = 0; at < megabytes; at += 1) {
    appendFileSync(path, at % 2 === 0 ? randomBytes(1 << 20) : piece);
  }
  return path;
}

/** What was stored, opened again, and what is told of the files. */
class Store {
  readonly contents = new Map<string, Uint8Array>();
  readonly threads: WorkerThreads;

  constructor(threads: number) {
    this.threads = new WorkerThreads({ keys, polynomial: 0x3da3358b4dc173n, threads });
    afterwards(() => this.threads[Symbol.asyncDispose]());
  }

  read(...paths: readonly string[]): Promise<readonly ReadFile[]> {
    const asked = new Set<string>();
    const files = paths.map((path) => ({ path: rawPathOfText(path), sizeBytes: 0 }));
    return this.threads.read(
      files,
      {
        wants: (id) => !asked.has(hex(id)) && asked.add(hex(id)).size > 0,
        take: async ({ bytes, id, plainLength }) => {
          // Opening proves that the id, the bytes and the length belong together.
          this.contents.set(hex(id), Uint8Array.from(codec.openBlob(id, bytes, plainLength)));
          await Promise.resolve();
        },
      },
      signal,
    );
  }

  contentOf(file: ReadFile | undefined): Buffer {
    if (file?.kind !== "read") throw new Error(`not read: ${JSON.stringify(file)}`);
    return Buffer.concat(file.content.map((id) => this.contents.get(id) ?? Buffer.from("missing")));
  }
}

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}

function threadCount(): number {
  return readdirSync("/proc/self/task").length;
}

test("a large file is sealed by a second thread as well, and is what it was (T4)", async () => {
  const [short, long] = [fileOf(20), fileOf(160)];
  const store = new Store(2);
  const [shortRead] = await store.read(short);
  const threadsBefore = threadCount();
  const [longRead] = await store.read(long);
  expect(threadCount()).toBeGreaterThan(threadsBefore);
  expect(store.contentOf(shortRead).equals(readFileSync(short))).toBe(true);
  expect(store.contentOf(longRead).equals(readFileSync(long))).toBe(true);
  const alone = await new Store(1).read(long);
  expect(alone).toEqual([longRead]);
});

test("several large files at once, each helped when somebody is idle", async () => {
  const paths = [fileOf(10), fileOf(70), fileOf(30)];
  const store = new Store(3);
  const read = await Promise.all(paths.map((path) => store.read(path)));
  for (const [at, [file]] of read.entries()) {
    expect(store.contentOf(file).equals(readFileSync(paths[at] ?? ""))).toBe(true);
  }
});

test("what cannot be taken ends the reading of a file that is lent", async () => {
  const store = new Store(2);
  const path = rawPathOfText(fileOf(64));
  let taken = 0;
  const sink = {
    wants: () => true,
    take: () => (++taken > 10 ? Promise.reject(new Error("no room")) : Promise.resolve()),
  };
  await expect(store.threads.read([{ path, sizeBytes: 0 }], sink, signal)).rejects.toThrow(
    "no room",
  );
});

test("T5: who gives up does not wait for a thread that hangs, and the next one reads", async () => {
  const store = new Store(1);
  const giveUp = new AbortController();
  const hanging = Promise.withResolvers<never>();
  const begun = Promise.withResolvers<void>();
  const sink = {
    wants: () => true,
    take: () => {
      begun.resolve();
      return hanging.promise;
    },
  };
  const path = fileOf(2);
  const files = [{ path: rawPathOfText(path), sizeBytes: 0 }];
  const reads = [1, 2, 3].map(() => store.threads.read(files, sink, giveUp.signal));
  const settled = Promise.allSettled(reads);
  await begun.promise;
  giveUp.abort(new Error("enough"));
  const refused = { status: "rejected", reason: { message: "enough" } };
  expect(await settled).toMatchObject([refused, refused, refused]);
  const [read] = await store.read(path);
  expect(store.contentOf(read).equals(readFileSync(path))).toBe(true);
});
