import { z } from "zod";
import { limit } from "../shapes/inputs.ts";
import { visibleEntry } from "../visible.ts";
import { procedure } from "./procedure.ts";

const sealedEntry = z.object({
  position: z.number(),
  id: z.string(),
  at: z.number(),
  entry: z.looseObject({ kind: z.string() }),
  seal: z.string(),
});

export const journal = procedure({
  method: "GET",
  path: "/api/v1/journal",
  access: "read",
  summary: "Entries of the journal after a position, oldest first",
  input: z.object({
    limit,
    after: z.coerce.number<number>().int().min(0).default(0).describe("a position"),
  }),
  output: z.array(sealedEntry),
  run: async ({ house, caller }, { after, limit: most }) => {
    const entries = await house.store.read(after + 1, most);
    return entries.map((sealed) => visibleEntry(sealed, caller));
  },
});
