/** docs/configuration.md: its examples load, and it knows every key that the schema knows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fleetJsonSchema, formatProblem, loadFleet } from "../../src/config/index.ts";
import type { JsonRecord } from "../../src/kernel/index.ts";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = ""]) => text);

describe("docs/configuration.md", () => {
  it("has examples", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
  });

  it.each(blocks)("example %# loads without a warning", (text) => {
    const files = [{ path: "soulmirror.yaml", text }];
    const environment = { HOME: "/home/me" };
    const loaded = loadFleet({ files, environment, baseDir: "/srv", hash: (each) => each });
    expect(loaded.ok ? loaded.value.warnings : loaded.error.map(formatProblem)).toEqual([]);
  });

  it("explains every key", () => {
    const missing = [...keysOf(fleetJsonSchema())].filter(
      (key) => !new RegExp(`\\b${key}\\b`).test(page),
    );
    expect(missing).toEqual([]);
  });
});

function keysOf(schema: JsonRecord, keys = new Set<string>()): Set<string> {
  for (const [name, value] of Object.entries(schema)) {
    if (value === null || typeof value !== "object") continue;
    if (name === "properties") for (const key of Object.keys(value)) keys.add(key);
    keysOf(value as JsonRecord, keys);
  }
  return keys;
}
