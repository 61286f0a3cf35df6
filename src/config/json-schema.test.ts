import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../kernel/index.ts";
import { fleetJsonSchema } from "./json-schema.ts";
import { resourceKinds } from "./schema-resources.ts";

function at(record: JsonRecord, path: string): JsonRecord {
  let here = record;
  for (const key of path.split("/")) here = here[key] as JsonRecord;
  return here;
}

describe("the schema for editors", () => {
  const schema = fleetJsonSchema();
  const service = at(schema, "properties/services/additionalProperties");

  it("is plain JSON of the dialect it names", () => {
    expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it("knows what must be there, what may be, and the defaults", () => {
    expect(service["required"]).toEqual(["command"]);
    expect(service["additionalProperties"]).toBe(false);
    expect(schema["required"]).toBeUndefined();
    expect(at(service, "properties/stop/properties/grace")).toMatchObject({ default: "10s" });
    expect(at(service, "properties/restart")).toMatchObject({
      enum: ["always", "on-failure", "never"],
    });
  });

  it("knows each kind of resource by its key", () => {
    const resources = at(schema, "properties/resources");
    const patterns = Object.keys(at(resources, "patternProperties"));
    expect(resources["additionalProperties"]).toBe(false);
    for (const kind of resourceKinds) {
      const fits = patterns.filter((pattern) => new RegExp(pattern).test(`${kind}/a.b@c`));
      expect(fits).toHaveLength(1);
    }
  });

  it("describes what people write", () => {
    const without = Object.entries(at(service, "properties"))
      .filter(([, value]) => (value as JsonRecord)["description"] === undefined)
      .map(([key]) => key);
    expect(without.length).toBeLessThan(8);
  });
});
