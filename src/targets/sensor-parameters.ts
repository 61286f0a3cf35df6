import { z } from "zod";
import type { JsonRecord } from "../kernel/index.ts";

/**
 * Reads the parameters of a look by its schema, and throws (so that the look itself counts as
 * failed) when they do not fit. A look keeps its parameters over all its reads, so they are read
 * once and forgotten with it.
 */
export function sensorParameters<Schema extends z.ZodType>(
  kind: string,
  schema: Schema,
): (parameters: JsonRecord) => z.infer<Schema> {
  const known = new WeakMap<JsonRecord, z.infer<Schema>>();
  return (parameters) => {
    const before = known.get(parameters);
    if (before !== undefined) return before;
    const read = schema.safeParse(parameters);
    if (!read.success) {
      const [issue] = read.error.issues;
      const place = issue?.path.join(".") ?? "";
      throw new Error(`parameters of ${kind}: ${place} ${issue?.message ?? "do not fit"}`);
    }
    known.set(parameters, read.data);
    return read.data;
  };
}
