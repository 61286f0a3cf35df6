/** What callers may say, in a query string, a body or a tRPC call. Every list has a limit. */
import { z } from "zod";

export const limit = z.coerce
  .number<number>()
  .int()
  .min(1)
  .max(500)
  .default(50)
  .describe("at most so many items");

/** Rows with a smaller id than this one: the next page. */
export const beforeRow = z.coerce
  .number<number>()
  .int()
  .min(1)
  .optional()
  .describe("only rows whose id is below this one");

export const beforeId = z
  .string()
  .max(100)
  .optional()
  .describe("only items whose id sorts before this one");

/** A query string has no booleans. */
export const flag = z.union([
  z.boolean(),
  z.enum(["true", "false"]).transform((word) => word === "true"),
]);

export const name = z.string().min(1).max(200);

export const nothing = z.object({});
