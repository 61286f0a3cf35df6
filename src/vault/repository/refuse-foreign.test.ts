import { expect, test } from "vitest";
import { MemoryLocation } from "../memory-location.ts";
import { never, openScene, store, vaultOf } from "../repair/repair-bench.ts";
import { withSession } from "./session.ts";

const shared = { isExclusive: false, signal: never };

test("a place where another disk is mounted now is left out, and nothing is written there (S2)", async () => {
  const scene = openScene(2);
  await store(scene, ["one"]);
  const files = scene.locations[1]?.files ?? new Map<string, Uint8Array>();
  const ours = new Map(files);
  files.clear();
  files.set("config", new TextEncoder().encode("of somebody else"));
  await store(scene, ["two"]);
  const [, place] = scene.vault.places;
  expect(place?.trouble).toMatchObject({
    code: "VAULT_FOREIGN",
    message: "memory:1 holds another repository than before",
  });
  expect([...files.keys()]).toEqual(["config"]);
  files.clear();
  await store(scene, ["three"]);
  expect(place?.trouble?.message).toBe("memory:1 holds no repository any more");
  expect([...files.keys()]).toEqual([]);
  for (const [path, bytes] of ours) files.set(path, bytes);
  await store(scene, ["four"]);
  expect(place?.takesPart).toBe(true);
});

test("one that lost its config alone is damaged, and takes part (F1)", async () => {
  const { locations } = openScene(1);
  locations[0]?.files.delete("config");
  const vault = vaultOf(locations);
  await withSession(vault, shared, async () => {
    expect(vault.places[0]?.takesPart).toBe(true);
  });
});

test("when no other place is left, that is the reason", async () => {
  const vault = vaultOf([new MemoryLocation()]);
  await expect(withSession(vault, shared, async () => {})).rejects.toMatchObject({
    code: "VAULT_FOREIGN",
  });
});
