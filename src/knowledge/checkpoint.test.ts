import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import type { Mac } from "./chain.ts";
import {
  openCheckpoint,
  sealCheckpoint,
  unsealCheckpoint,
  verifyCheckpoint,
} from "./checkpoint.ts";
import { createRecollection, writeRecollection } from "./recollection.ts";

const mac: Mac = (text) => createHmac("sha256", "key").update(text).digest("hex");
const others: Mac = (text) => createHmac("sha256", "other").update(text).digest("hex");

const state = `{"version":1,"modes":[["fleet","full"]]}`;
const saved = { position: 12, state: sealCheckpoint({ position: 12, state }, mac) };

const off = createRecollection();
off.modes.set("fleet", "off");
const known = { position: 12, state: writeRecollection(off) };
const ours = { position: 12, state: sealCheckpoint(known, mac) };

it("is read as it was written", () => {
  expect(unsealCheckpoint(saved, mac)).toBe(state);
  for (const from of [1, 12, 13]) {
    expect(verifyCheckpoint(saved, { mac, from, to: 13 })).toBeUndefined();
  }
});

it("is believed in nothing once anything of it was changed", () => {
  const changed = [
    { ...saved, position: 13 },
    { ...saved, state: saved.state.replace("full", "off") },
    { ...saved, state: saved.state.replace(/^./, "x") },
    { ...saved, state },
    { ...saved, state: "" },
    { ...saved, state: sealCheckpoint({ position: 12, state }, others) },
  ];
  for (const each of changed) {
    expect(unsealCheckpoint(each, mac)).toBeUndefined();
    const { position } = each;
    expect(verifyCheckpoint(each, { mac, from: 1, to: 13 })).toMatchObject({
      kind: "edited",
      position,
    });
  }
});

it("is missed where the journal begins behind it", () => {
  expect(verifyCheckpoint(undefined, { mac, from: 1, to: 13 })).toBeUndefined();
  const empty = { mac, from: undefined, to: undefined };
  expect(verifyCheckpoint(undefined, empty)).toBeUndefined();
  for (const each of [undefined, saved]) {
    const missing = { kind: "missing", position: 13 };
    expect(verifyCheckpoint(each, { mac, from: 14, to: 20 })).toMatchObject(missing);
  }
});

it("finds an end that was cut off, and is what is left of it", () => {
  expect(verifyCheckpoint(saved, { mac, from: 1, to: 12 })).toBeUndefined();
  for (const to of [11, 2, undefined]) {
    const end = to ?? 0;
    const from = to === undefined ? undefined : 1;
    const truncated = { kind: "truncated", position: end + 1 };
    expect(verifyCheckpoint(saved, { mac, from, to })).toMatchObject(truncated);
    const opened = openCheckpoint(ours, { mac, from, to });
    expect(opened).toMatchObject({ position: end, lost: 12 - end, finding: truncated });
    expect(opened.memory.modes.get("fleet")).toBe("off");
  }
});
