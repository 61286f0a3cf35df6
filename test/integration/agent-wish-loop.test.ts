import { expect, it } from "vitest";
import { Unfinished, WishLoop } from "../../src/custodian/agent/wish-loop.ts";
import type { Wish } from "../../src/custodian/agent/wishes.ts";
import type { RawPath } from "../../src/vault/index.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";

const a: Wish = { kind: "changed", folders: ["/srv/a" as RawPath] };
const again: Wish = { kind: "changed", folders: [] };

function loopOf(
  fulfil: (wish: Wish, attempt: number) => void,
  limits = { retryMinMs: 1, retryMaxMs: 2 },
): {
  readonly loop: WishLoop;
  readonly seen: Wish[];
  readonly ends: unknown[];
} {
  const seen: Wish[] = [];
  const ends: unknown[] = [];
  const loop = new WishLoop({
    limits,
    signal: new AbortController().signal,
    fulfil: async (wish) => {
      seen.push(wish);
      fulfil(wish, seen.length);
    },
    onEnd: (error) => ends.push(error),
  });
  return { loop, seen, ends };
}

it("tries again what failed, and adds what came meanwhile (L1)", async () => {
  const failure = new Error("no");
  const { ends, loop, seen } = loopOf((_, attempt) => {
    if (attempt === 1) throw failure;
  });
  loop.add(a);
  await loop.settled;
  expect(ends).toEqual([failure]);
  loop.add({ kind: "changed", folders: ["/srv/b" as RawPath] });
  await until(() => ends.length === 2);
  expect(seen[1]).toEqual({ kind: "changed", folders: ["/srv/a", "/srv/b"] });
  expect(ends[1]).toBeUndefined();
});

it("does not let wait what comes while the rest of another is not finished (L1)", async () => {
  const { ends, loop, seen } = loopOf(
    () => {
      throw new Unfinished("one location lacks it", again);
    },
    { retryMinMs: 3_600_000, retryMaxMs: 3_600_000 },
  );
  afterwards(() => loop[Symbol.asyncDispose]());
  loop.add(a);
  await until(() => ends.length === 1);
  loop.add({ kind: "changed", folders: ["/srv/b" as RawPath] });
  await until(() => ends.length === 2);
  expect(seen[1]).toEqual({ kind: "changed", folders: ["/srv/b"] });
});

it("tries only what is left of a wish that is not finished", async () => {
  const { ends, loop, seen } = loopOf((_, attempt) => {
    if (attempt < 3) throw new Unfinished("one location lacks it", again);
  });
  loop.add({ kind: "everything", reason: "start" });
  await until(() => ends.length === 3);
  expect(seen).toEqual([{ kind: "everything", reason: "start" }, again, again]);
});
