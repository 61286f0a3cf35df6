/** docs/configuration.md: its examples load, and it knows every key that the schema knows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fleetJsonSchema, formatProblem, loadFleet } from "../../src/config/index.ts";
import type { JsonRecord } from "../../src/kernel/index.ts";

const page = readPage("docs/configuration.md");
const blocks = blocksOf(page);
const readmeBlocks = blocksOf(readPage("README.md"));

describe("docs/configuration.md", () => {
  it("has examples", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
  });

  it.each(blocks)("example %# loads without a warning", (text) => {
    expect(complaintsAbout(text)).toEqual([]);
  });

  it("explains every key", () => {
    const missing = [...keysOf(fleetJsonSchema())].filter(
      (key) => !new RegExp(`\\b${key}\\b`).test(page),
    );
    expect(missing).toEqual([]);
  });
});

describe("README.md", () => {
  it("has one example, which loads without a warning", () => {
    expect(readmeBlocks.map(complaintsAbout)).toEqual([[]]);
  });
});

function readPage(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

function blocksOf(text: string): readonly string[] {
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
}

function complaintsAbout(text: string): readonly string[] {
  const files = [{ path: "soulmirror.yaml", text }];
  const environment = {
    HOME: "/home/me",
    SHOP_API_TOKEN: "t",
    VAULT_PASSPHRASE: "p",
    ORDERS_PASSWORD: "o",
  };
  const loaded = loadFleet({ files, environment, baseDir: "/srv", hash: (each) => each });
  return loaded.ok ? loaded.value.warnings : loaded.error.map(formatProblem);
}

function keysOf(schema: JsonRecord, keys = new Set<string>()): Set<string> {
  for (const [name, value] of Object.entries(schema)) {
    if (value === null || typeof value !== "object") continue;
    if (name === "properties") for (const key of Object.keys(value)) keys.add(key);
    keysOf(value as JsonRecord, keys);
  }
  return keys;
}
