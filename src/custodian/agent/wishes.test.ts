import { expect, it } from "vitest";
import type { RawPath } from "../../vault/index.ts";
import { Wishes } from "./wishes.ts";

const folder = (name: string): RawPath => `/srv/${name}` as RawPath;

it("gives back what was taken together with what came meanwhile (W1)", () => {
  const wishes = new Wishes();
  wishes.add({ kind: "changed", folders: [folder("a")] });
  const taken = wishes.take();
  expect(wishes.isEmpty).toBe(true);
  wishes.add({ kind: "changed", folders: [folder("b")] });
  wishes.add(taken);
  expect(wishes.take()).toEqual({ kind: "changed", folders: [folder("b"), folder("a")] });
});

it("is asked for a further look by a change of no folder (W2)", () => {
  const wishes = new Wishes();
  wishes.add({ kind: "changed", folders: [] });
  expect(wishes.isEmpty).toBe(false);
  expect(wishes.take()).toEqual({ kind: "changed", folders: [] });
  expect(wishes.isEmpty).toBe(true);
});

it("looks at everything when there are too many (W3)", () => {
  const wishes = new Wishes(2);
  wishes.add({ kind: "changed", folders: ["a", "b", "c"].map(folder) });
  expect(wishes.take()).toEqual({ kind: "everything", reason: "storm" });
});
