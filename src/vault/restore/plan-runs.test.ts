import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import type { PackedBlob } from "../format/blob.ts";
import type { FileNode } from "../format/tree-node.ts";
import { BlobIndex } from "../index/blob-index.ts";
import { rawPathOfText } from "../raw-path.ts";
import { planRuns, type WantedFile } from "./plan-runs.ts";

const idOf = (number: number): Uint8Array => Buffer.alloc(32, number);
const hexOf = (number: number): string => Buffer.alloc(32, number).toString("hex");

function blob(number: number, offset: number, length: number): PackedBlob {
  return { id: idOf(number), kind: "data", offset, length, plainLength: 0 };
}

function file(number: number, content: readonly number[]): WantedFile {
  const path = rawPathOfText(`f${number}`);
  const node = { name: path, kind: "file", content: content.map(hexOf) } as unknown as FileNode;
  return { number, path, source: path, node, isThere: false };
}

const options = { lanes: 2, reachable: 3, runBytes: 1000, gapBytes: 100, laneBlobs: 1 };

describe("the order in which contents are read", () => {
  it("brings neighbours together, and each blob once (P1)", () => {
    const index = new BlobIndex();
    const blobs = [blob(1, 0, 132), blob(2, 132, 132), blob(3, 300, 132), blob(4, 700, 132)];
    index.add({ id: "p", blobs }, 1);
    const wanted = [file(0, [4]), file(1, [3]), file(2, [1, 1]), file(3, [1])];
    const { files, runs } = planRuns(wanted, { ...options, index, gapBytes: 200 });
    expect(runs.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 432],
      [700, 132],
    ]);
    const targets = runs[0]?.blobs[0]?.targets.map(({ file: { number }, offset }) => [
      number,
      offset,
    ]);
    expect(targets).toEqual([
      [2, 0],
      [2, 100],
      [3, 0],
    ]);
    expect(files.map(({ sizeBytes }) => sizeBytes)).toEqual([100, 100, 200, 100]);
  });

  it("has no run longer than its limit, but for one blob (P3)", () => {
    const index = new BlobIndex();
    index.add({ id: "p", blobs: [blob(1, 0, 600), blob(2, 600, 600), blob(3, 1200, 5000)] }, 1);
    const { runs } = planRuns([file(0, [1, 2, 3])], { ...options, index });
    expect(runs.map(({ length }) => length)).toEqual([600, 600, 5000]);
  });

  it("gives a file to one lane, and lanes the same to do (P2)", () => {
    const index = new BlobIndex();
    const blobs = [1, 2, 3, 4].map((number) => blob(number, number * 2000, 900));
    index.add({ id: "p", blobs }, 1);
    const wanted = [file(0, [1, 4]), file(1, [2]), file(2, [3]), file(3, [4])];
    const { files } = planRuns(wanted, { ...options, index });
    expect(files.map(({ lane }) => lane)).toEqual([0, 1, 0, 1]);
    const few = planRuns(wanted, { ...options, index, laneBlobs: 100 });
    expect(few.files.map(({ lane }) => lane)).toEqual([0, 0, 0, 0]);
  });

  it("prefers the nearest location that can be read, and tells what is nowhere", () => {
    const index = new BlobIndex();
    index.add({ id: "far", blobs: [blob(1, 0, 132)] }, 2);
    index.add({ id: "near", blobs: [blob(1, 500, 132)] }, 1);
    const plan = (reachable: number) =>
      planRuns([file(0, [1]), file(1, [9])], { ...options, index, reachable });
    expect(plan(3).runs.map(({ pack }) => pack)).toEqual(["near"]);
    expect(plan(2).runs.map(({ pack }) => pack)).toEqual(["far"]);
    expect(plan(3).unknown.map((each) => [each.file.number, each.id])).toEqual([[1, hexOf(9)]]);
  });
});
