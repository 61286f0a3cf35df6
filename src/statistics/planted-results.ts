/**
 * Results that look like success and are faults, by the clean operation that they are planted in.
 * `needs` says what the detector promises: the first one is told, or a run of them is.
 */
import type { Random } from "../kernel/index.ts";
import type { cleanResults } from "./clean-results.ts";

export interface PlantedResult {
  readonly among: keyof typeof cleanResults;
  readonly needs: "one" | "run";
  readonly make: (random: Random) => unknown;
}

export const plantedResults: Readonly<Record<string, PlantedResult>> = {
  "a NaN in the first record": {
    among: "searches",
    needs: "one",
    make: () => [{ id: 1, price: Number.NaN }],
  },
  "no results at all": { among: "searches", needs: "run", make: () => [] },
  "null for a list": { among: "searches", needs: "run", make: () => null },
  "a text for a list": { among: "searches", needs: "run", make: () => "<html>maintenance</html>" },
  "an empty text": { among: "texts", needs: "run", make: () => "" },
  "an error among texts": {
    among: "texts",
    needs: "run",
    make: () => "Error: ENOENT: no such file or directory, open 'prompt.txt'",
  },
  "an object in a text": { among: "texts", needs: "run", make: () => "[object Object]" },
  "an error inside a success": {
    among: "answers",
    needs: "one",
    make: () => ({ ok: true, status: 200, error: "the database has gone away", data: {} }),
  },
  "an error inside the body of a 200": {
    among: "answers",
    needs: "one",
    make: () => ({ ok: true, status: 200, error: null, data: { error: "quota exceeded" } }),
  },
  "a page of a gateway inside a 200": {
    among: "answers",
    needs: "one",
    make: () => ({ ok: true, status: 200, error: null, data: "<html><head><title>502 Bad" }),
  },
  "a total that is NaN": {
    among: "answers",
    needs: "one",
    make: () => ({ ok: true, status: 200, error: null, errors: [], data: { total: Number.NaN } }),
  },
  "undefined for an answer": { among: "answers", needs: "run", make: () => undefined },
  "an answer without its data": {
    among: "answers",
    needs: "run",
    make: () => ({ ok: true, message: "done" }),
  },
  "undefined in an address": {
    among: "names",
    needs: "one",
    make: () => "/users/undefined/profile",
  },
  "NaN in a name": { among: "names", needs: "one", make: () => "Name NaN" },
  "an object for a name": { among: "names", needs: "one", make: () => "[object Object]" },
  "an error for a name": {
    among: "names",
    needs: "one",
    make: () => "ENOENT: no such file or directory, open 'name'",
  },
  "a page for a name": { among: "names", needs: "run", make: () => "<p>".repeat(2000) },
};
