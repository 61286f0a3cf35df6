import fc from "fast-check";
import { expect, test } from "vitest";
import { readPasswordLines } from "./index.ts";
import { placeOf } from "./place-of.ts";

const pieces = fc.constantFrom(
  "..",
  ".",
  "",
  "a",
  "data",
  "keys",
  "config",
  "%2e",
  "ab".repeat(32),
);

test("an address never leads to a folder that is not named plainly", () => {
  const written = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((parts) => `/${parts.join("/")}`),
    fc.string({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(written, (path) => {
      const place = placeOf(path);
      if (place === undefined) return;
      for (const name of place.repository) {
        expect(name).toMatch(/^[A-Za-z0-9_]/);
        expect(name).not.toContain("/");
        expect(["data", "keys", "config"]).not.toContain(name);
      }
    }),
  );
});

test("places are what the protocol says", () => {
  const id = "ab".repeat(32);
  const file = { kind: "pack", id };
  expect(placeOf(`/a/b/data/${id}`)).toEqual({ kind: "file", repository: ["a", "b"], file });
  expect(placeOf("/locks/")).toEqual({ kind: "files", repository: [], files: "lock" });
  expect(placeOf("/a/")).toEqual({ kind: "repository", repository: ["a"] });
  expect(placeOf("/a")).toBeUndefined();
});

test("lines of another kind are refused by their number", () => {
  const line = `a:$scrypt$ln=15,r=8,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;
  expect(readPasswordLines(`${line}\n\n# no more\n`)).toMatchObject({ ok: true });
  for (const wrong of ["a:$2y$05$abc", "a:plain", line, line.replace("15", "30"), `../${line}`]) {
    const read = readPasswordLines(`${line}\n${wrong}\n`);
    expect(read).toEqual({ ok: false, error: expect.stringContaining("line 2") as string });
  }
});
