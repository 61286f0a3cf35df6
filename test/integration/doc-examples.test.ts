/** The examples of the pages run, and print what the pages say that they print. */
import { describe, expect, it } from "vitest";
import { examplesOf, promised, runExample } from "./doc-examples.ts";

/** How many a page has; of the README for wrap, for failover and for tRPC. */
const pages = [
  ["README.md", 3],
  ["docs/engine/configuration.md", 3],
  ["docs/engine/errors.md", 2],
  ["docs/engine/monitors.md", 1],
  ["docs/engine/policies.md", 4],
  ["docs/engine/recovery.md", 3],
  ["docs/engine/telemetry.md", 2],
] as const;

describe.each(pages)("%s", (page, count) => {
  const examples = examplesOf(page);

  it("has its examples", () => {
    expect(examples).toHaveLength(count);
  });

  it.each(examples)("example %#", async (code) => {
    const wanted = promised(code);
    expect(wanted.length).toBeGreaterThan(0);
    expect(await runExample(code)).toEqual(wanted);
  });
});
