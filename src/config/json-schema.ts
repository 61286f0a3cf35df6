/** The schema of the fleet file in the form that editors read (JSON Schema, draft 2020-12). */
import { z } from "zod";
import type { Json, JsonRecord } from "../kernel/index.ts";
import { fleetSchema } from "./schema.ts";
import { resourceKinds, resourceSchemas } from "./schema-resources.ts";

export function fleetJsonSchema(): JsonRecord {
  const schema = exported(fleetSchema);
  const byKind: Record<string, Json> = {};
  for (const kind of resourceKinds) {
    const { $schema: _dialect, ...rest } = exported(resourceSchemas[kind]);
    byKind[`^${kind}/[A-Za-z0-9][A-Za-z0-9._@:-]*$`] = rest;
  }
  const properties = schema["properties"] as JsonRecord;
  const resources = {
    ...(properties["resources"] as JsonRecord),
    patternProperties: byKind,
    additionalProperties: false,
  };
  const { propertyNames: _names, ...closed } = resources as JsonRecord;
  return {
    ...schema,
    title: "SoulMirror fleet file",
    description: "Services that are kept running, resources that are watched, and how both heal.",
    properties: { ...properties, resources: closed },
  };
}

/** `input`: what people may write, so that what has a default may be left out. */
function exported(schema: z.ZodType): JsonRecord {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonRecord;
}
