import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createIds, createRandom } from "../kernel/index.ts";
import type { Entry, SealedEntry } from "../model/index.ts";
import { createChain } from "./chain.ts";
import { verifyChain } from "./verify-chain.ts";

const mac = (text: string): string => createHmac("sha256", "the key").update(text).digest("hex");
const ids = createIds({ now: () => ({ wallMs: 1000, monotonicMs: 0 }) }, createRandom(1));

const journal = fc
  .array(fc.string({ unit: "binary" }), { minLength: 2, maxLength: 20 })
  .map((words) =>
    createChain(mac).seal(
      words.map((what): Entry => ({ kind: "request", by: "ann", what })),
      1000,
      ids,
    ),
  );

const place = fc.nat({ max: 1000 });

describe("the chain", () => {
  test("is proven as it was written, also after JSON and in any order of keys", () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const back = entries.map(turnAround);
        expect(verifyChain(back, mac)).toEqual({
          proven: entries.length,
          from: 1,
          to: entries.length,
          lost: 0,
        });
      }),
    );
  });

  test("names the place of any edit", () => {
    const edits: readonly ((sealed: SealedEntry) => SealedEntry)[] = [
      (sealed) => ({ ...sealed, at: sealed.at + 1 }),
      (sealed) => ({ ...sealed, id: `${sealed.id}x` }),
      (sealed) => ({ ...sealed, seal: mac(sealed.seal) }),
      (sealed) => ({ ...sealed, entry: { kind: "gap", lost: 0, reason: "nothing" } }),
    ];
    fc.assert(
      fc.property(journal, place, fc.constantFrom(...edits), (entries, where, edit) => {
        const index = where % entries.length;
        const edited = entries.with(index, edit(entries[index] as SealedEntry));
        expect(verifyChain(edited, mac).finding).toMatchObject({
          kind: "edited",
          position: index + 1,
        });
      }),
    );
  });

  test("finds what is missing and what has changed places", () => {
    fc.assert(
      fc.property(journal, place, (entries, where) => {
        const index = where % (entries.length - 1);
        const holed = entries.toSpliced(index, 1);
        // Without its beginning it looks pruned: only an anchor could tell.
        const expected = index === 0 ? undefined : { kind: "missing", position: index + 1 };
        const { finding } = verifyChain(holed, mac);
        if (expected === undefined) expect(finding).toBeUndefined();
        else expect(finding).toMatchObject(expected);
        const [one, two] = [entries[index] as SealedEntry, entries[index + 1] as SealedEntry];
        const swapped = entries.with(index, two).with(index + 1, one);
        expect(verifyChain(swapped, mac).finding).toBeDefined();
        // Renumbering does not help.
        const renumbered = holed.map((sealed, at) => ({ ...sealed, position: at + 1 }));
        expect(verifyChain(renumbered, mac).finding).toMatchObject({ kind: "edited" });
      }),
    );
  });

  test("finds a cut end and another past by the anchors", () => {
    fc.assert(
      fc.property(journal, journal, place, (entries, others, where) => {
        const index = where % entries.length;
        const { position, seal } = entries[index] as SealedEntry;
        const cut = entries.slice(0, index);
        const finding = { kind: "truncated", position: index + 1 };
        expect(verifyChain(cut, mac, [{ position, seal }]).finding).toMatchObject(finding);
        expect(verifyChain(entries, mac, [{ position, seal }]).finding).toBeUndefined();
        const another = others[Math.min(index, others.length - 1)] as SealedEntry;
        const wrong = { position, seal: mac(another.seal) };
        expect(verifyChain(entries, mac, [wrong]).finding).toMatchObject({ kind: "replaced" });
      }),
    );
  });

  test("behind a pruned beginning, proves the oldest entry where an anchor helps", () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const [first, ...rest] = entries as [SealedEntry, ...SealedEntry[]];
        expect(verifyChain(rest, mac).proven).toBe(rest.length - 1);
        expect(verifyChain(rest, mac, [first]).proven).toBe(rest.length);
      }),
    );
  });
});

/** Through JSON, with the keys of the entry turned around. */
function turnAround(sealed: SealedEntry): SealedEntry {
  const entry = Object.fromEntries(Object.entries(sealed.entry).toReversed()) as Entry;
  return JSON.parse(JSON.stringify({ ...sealed, entry })) as SealedEntry;
}
