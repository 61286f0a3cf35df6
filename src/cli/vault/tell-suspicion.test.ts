import { expect, test } from "vitest";
import type { Suspicion } from "../../vault/index.ts";
import { tellSuspicion } from "./tell-suspicion.ts";

const cases: readonly (readonly [Suspicion, string])[] = [
  [
    { kind: "unread", count: 2, first: "/a: EIO" },
    "could not read everything (2), first of all /a: EIO",
  ],
  [{ kind: "short", count: 1, first: "/a" }, "1 file ended before its size said, the first: /a"],
  [
    { kind: "vanished", source: "/srv", files: 0, before: 40 },
    "0 files in /srv where the last run saw 40",
  ],
  [
    { kind: "mount", source: "/srv", mount: "ext4 /dev/sda at /", before: "ext4 /dev/sdb at /srv" },
    "/srv is on another file system than before: ext4 /dev/sda at /, not ext4 /dev/sdb at /srv",
  ],
  [{ kind: "clock", jumpMs: -7_200_000 }, "the clock jumped by 2 h"],
];

test.each(cases)("%j", (suspicion, sentence) => {
  expect(tellSuspicion(suspicion)).toContain(sentence);
});
