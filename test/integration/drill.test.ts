/** The whole drill on a copy of the example: what it breaks is real, and what its table says. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { freePort } from "../../src/system/index.ts";
import { CliBench } from "./cli-bench.ts";
import { until } from "./fault-bench.ts";

const shop = fileURLToPath(new URL("../../examples/shop/", import.meta.url));
const usualPorts = ["4101", "4102", "4103", "4104", "4105", "4106"];

/** The example on ports of its own, and how a drill on it is started. */
async function copyShop(bench: CliBench): Promise<readonly string[]> {
  cpSync(shop, bench.path("shop"), {
    recursive: true,
    filter: (path) => !path.startsWith(join(shop, "data")) && !path.includes(".soulmirror"),
  });
  const taken = new Set<number>();
  for (const usual of [...usualPorts, "api"]) {
    taken.add(await freePort("127.0.0.1", (port) => taken.has(port)));
    if (usual === "api") continue;
    for (const file of ["soulmirror.yaml", "load/targets.js"]) {
      const path = bench.path("shop", file);
      writeFileSync(path, readFileSync(path, "utf8").replaceAll(usual, String([...taken].at(-1))));
    }
  }
  const port = String([...taken].at(-1));
  return ["drill", "-c", bench.path("shop/soulmirror.yaml"), "--port", port];
}

test("what was tried first does not help, is taken back, and the next one heals", async () => {
  await using bench = await CliBench.open();
  const { code, out } = await bench.run(...(await copyShop(bench)), "--only", "N3,L1", "--json");
  const { rows, writes } = JSON.parse(out) as { rows: unknown; writes: { acknowledged: number } };
  const reason = expect.stringContaining("not healed: ") as string;
  expect(rows).toMatchObject([
    {
      fault: "N3",
      strategies: [
        { name: "switch_alternative", outcome: "undone", reason },
        { name: "drain_restart", outcome: "helped" },
      ],
      healedBy: "drain_restart",
      damagedWrites: 0,
      verdict: { kind: "healed" },
    },
    {
      fault: "L1",
      strategies: [
        { name: "rollback_config", outcome: "undone", reason },
        { name: "switch_alternative", outcome: "helped" },
      ],
      healedBy: "switch_alternative",
      damagedWrites: 0,
      verdict: { kind: "healed" },
    },
  ]);
  expect(writes.acknowledged).toBeGreaterThan(0);
  expect(code).toBe(0);
}, 180_000);

test("Ctrl-C undoes the fault, says what was done, and leaves nothing behind", async () => {
  await using bench = await CliBench.open();
  const drill = bench.start([...(await copyShop(bench)), "--only", "L7", "--json"]);
  const copy = (): string | undefined =>
    readdirSync(bench.temporary).find((name) => name.startsWith("soulmirror-drill-"));
  const quota = (): string => bench.path("tmp", copy() ?? "", "fleet/data/alpha.quota");
  await until(() => existsSync(quota()), 100_000);
  // Below npm a single one arrives twice.
  drill.child.kill("SIGINT");
  drill.child.kill("SIGINT");
  const { code, out, err } = await drill.ended;
  expect(JSON.parse(out)).toEqual({ passed: false, interrupted: true, rows: [] });
  expect(err).not.toContain("soulmirror:");
  expect(code).toBe(130);
  expect(copy()).toBeUndefined();
}, 180_000);
