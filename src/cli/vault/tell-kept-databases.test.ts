import { expect, test } from "vitest";
import { realClock } from "../../system/index.ts";
import { createStyle } from "../style.ts";
import { areDatabasesWell, type KeptDatabases, tellKeptDatabases } from "./tell-kept-databases.ts";

const agoMs = (ms: number): number => realClock.now().wallMs - ms;
const dump = { name: "ledger", trouble: "", doubt: "", triedMs: 0 };
const taken = { takenMs: agoMs(7_200_000), sizeBytes: 8192 };
const stream = { name: "orders", trouble: "", baseTrouble: "" };
const reach = { name: "orders", reachedMs: agoMs(3_600_000), baseMs: agoMs(7_200_000) };
const gap = { at: 0, endedAt: 60_000, reason: "the server has no log" };

const cases: readonly (readonly [Partial<KeptDatabases>, RegExp, boolean])[] = [
  [{ dumps: [{ ...dump, ...taken }] }, /^Dump ledger: 8 KiB, 2 h ago$/, true],
  [
    { dumps: [{ ...dump, ...taken, trouble: "it is away" }] },
    /^Dump ledger: failed: it is away; the last good one, 2 h old, is kept$/,
    false,
  ],
  [
    { dumps: [{ ...dump, doubt: "no table" }] },
    /^Dump ledger: suspect: no table; there is no good one yet$/,
    false,
  ],
  [
    { reaches: [reach], streams: [stream] },
    /^Stream orders: received; to be restored up to 1 h ago; all of it copied 2 h ago$/,
    true,
  ],
  [
    { reaches: [{ name: "orders" }] },
    /^Stream orders: nobody receives it yet; nothing of it can be restored yet$/,
    true,
  ],
  [
    { reaches: [reach], streams: [{ ...stream, trouble: "it is away", gap }] },
    /^Stream orders: it is away; not reachable: 1970-01-01T00:00:00.000Z until 1970-01-01T00:01:00.000Z \(the server has no log\); to be restored up to 1 h ago; all/,
    false,
  ],
];

test.each(cases)("%j", (some, line, isWell) => {
  const kept: KeptDatabases = { dumps: [], reaches: [], streams: [], ...some };
  expect(tellKeptDatabases(kept, createStyle({ isColoured: false, isAscii: true }))).toEqual([
    expect.stringMatching(line) as string,
  ]);
  expect(areDatabasesWell(kept)).toBe(isWell);
});
