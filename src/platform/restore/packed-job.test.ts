import { expect, test } from "vitest";
import { type FileToWrite, rawPathOfText, type WriteJob } from "../../vault/index.ts";
import { packJob, unpackJob } from "./packed-job.ts";

const beyondInt64 = 253_402_300_799_999_999_999n;

function file(number: number, path: string, node: Partial<FileToWrite["node"]>): FileToWrite {
  return {
    number,
    path: rawPathOfText(path),
    sizeBytes: 2 ** 40 + number,
    isThere: number % 2 === 1,
    node: {
      permissions: 0o4755,
      mtimeNs: 1n,
      atimeNs: -1n,
      uid: 2 ** 32 - 2,
      gid: 0,
      attributes: [],
      ...node,
    },
  };
}

const job: WriteJob = {
  begins: [
    file(7, "a/b/first", { mtimeNs: beyondInt64 }),
    file(8, "a/b/second", { attributes: [{ name: "user.a", value: Uint8Array.of(0, 255) }] }),
    file(9, "at the root", { uid: 0, gid: 1 }),
    file(2 ** 40, "a/\xff", {}),
  ],
  bytes: Uint8Array.of(1, 2, 3),
  blobs: [
    { id: new Uint8Array(32).fill(5), at: 0, length: 2, plainLength: -1, targets: [7, 0] },
    {
      id: new Uint8Array(32).fill(6),
      at: 2,
      length: 1,
      plainLength: 9,
      targets: [8, 1, 9, 2 ** 41],
    },
  ],
  givesUp: [3],
};

test("a job is the same on the other side of a thread", () => {
  const { begins, blobs, bytes, givesUp } = unpackJob(structuredClone(packJob(job)));
  expect(begins).toEqual(
    job.begins.map(({ node, sizeBytes, ...rest }) => ({ ...rest, node: { ...node, sizeBytes } })),
  );
  const plain = blobs.map((blob) => ({ ...blob, targets: Array.from(blob.targets) }));
  expect(plain).toEqual(job.blobs);
  expect([bytes, givesUp]).toEqual([job.bytes, job.givesUp]);
});
