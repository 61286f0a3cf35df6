/** A fleet that lies in the home of its user, as most do. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Action } from "../../src/model/index.ts";
import { FleetBench } from "./fleet-bench.ts";

test("what a service below the home declares is cleaned", async () => {
  await using bench = await FleetBench.up(
    (each) => {
      writeFileSync(join(each.folder, "look.sh"), "test ! -e full || { cat full; exit 1; }");
      return {
        services: {
          shop: each.toy("shop", {
            health_check: { command: ["sh", "look.sh"], interval: "200ms" },
            clean: [{ root: "./cache", pattern: "*.tmp", older_than: "0s" }],
            recovery_strategy: ["clean"],
            approve: { clean: "never" },
          }),
        },
      };
    },
    { HOME: tmpdir() },
  );
  const cache = join(bench.folder, "cache");
  mkdirSync(cache);
  for (const name of ["a.tmp", "b.txt"]) writeFileSync(join(cache, name), "x".repeat(1024));
  writeFileSync(join(bench.folder, "full"), "ENOSPC: no space left on device");
  const isOver = ({ action: { plan, status } }: { action: Action }): boolean =>
    plan.strategy === "clean" && ["succeeded", "failed"].includes(status.kind);
  const { action } = await bench.entry("action", isOver);
  expect(action.status).toMatchObject({ kind: "succeeded" });
  expect([existsSync(join(cache, "a.tmp")), existsSync(join(cache, "b.txt"))]).toEqual([
    false,
    true,
  ]);
});
