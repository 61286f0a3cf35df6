import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import type { Mac } from "./chain.ts";
import { sealCheckpoint, unsealCheckpoint, verifyCheckpoint } from "./checkpoint.ts";

const mac: Mac = (text) => createHmac("sha256", "key").update(text).digest("hex");
const others: Mac = (text) => createHmac("sha256", "other").update(text).digest("hex");

const state = `{"version":1,"modes":[["fleet","full"]]}`;
const saved = { position: 12, state: sealCheckpoint({ position: 12, state }, mac) };

it("is read as it was written", () => {
  expect(unsealCheckpoint(saved, mac)).toBe(state);
  for (const from of [1, 12, 13, undefined]) {
    expect(verifyCheckpoint(saved, { mac, from })).toBeUndefined();
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
    expect(verifyCheckpoint(each, { mac, from: 1 })).toMatchObject({ kind: "edited", position });
  }
});

it("is missed where the journal begins behind it", () => {
  expect(verifyCheckpoint(undefined, { mac, from: 1 })).toBeUndefined();
  expect(verifyCheckpoint(undefined, { mac, from: undefined })).toBeUndefined();
  for (const each of [undefined, saved]) {
    const missing = { kind: "missing", position: 13 };
    expect(verifyCheckpoint(each, { mac, from: 14 })).toMatchObject(missing);
  }
});
