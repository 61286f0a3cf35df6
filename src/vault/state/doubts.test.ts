import { expect, it } from "vitest";
import { MemoryPlaces, MemoryStateFile } from "../prune/prune-bench.ts";
import { rawPathOfText } from "../raw-path.ts";
import { type Doubt, Doubts } from "./doubts.ts";

const { codec } = new MemoryPlaces(1);

function doubt(path: string, rule = "H8"): Doubt {
  return { path: rawPathOfText(path), rule, why: "many were rewritten" };
}

it("stays until the folder that holds all of it is accepted, or one above (D1, D2)", async () => {
  const file = new MemoryStateFile();
  const doubts = await Doubts.open({ file, codec });
  await doubts.add(doubt("/srv/a/one"));
  await doubts.add(doubt("/srv/a/two"));
  await doubts.add(doubt("/srv/ab"));
  await doubts.add(doubt("/srv/a/three"));
  await doubts.add(doubt("/home/x", "H3"));
  const again = await Doubts.open({ file, codec });
  expect(again.told).toEqual(["/srv: many were rewritten", "/home/x: many were rewritten"]);
  await again.accept(rawPathOfText("/srv/a"));
  expect(again.told).toHaveLength(2);
  await again.accept(rawPathOfText("/srv"));
  expect((await Doubts.open({ file, codec })).told).toEqual(["/home/x: many were rewritten"]);
  await again.accept(rawPathOfText("/"));
  expect((await Doubts.open({ file, codec })).told).toEqual([]);
});

it("is a doubt itself when its record is damaged, until all is accepted (D3)", async () => {
  const file = new MemoryStateFile();
  file.bytes = new Uint8Array(99);
  const doubts = await Doubts.open({ file, codec });
  expect(doubts.told).toEqual(["/: the record of what was doubted is damaged"]);
  await doubts.accept(rawPathOfText("/srv"));
  expect(doubts.told).toHaveLength(1);
  await doubts.accept(rawPathOfText("/"));
  expect((await Doubts.open({ file, codec })).told).toEqual([]);
});
