/** The whole drill on a copy of the example: what it breaks is real, and what its table says. */
import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { placeShop } from "../../bench/rig/shop-copy.ts";
import { CliBench } from "./cli-bench.ts";

/** The example on ports of its own, and how a drill on it is started. */
async function copyShop(bench: CliBench): Promise<readonly string[]> {
  const fleetPath = await placeShop(bench.path("shop"));
  return ["drill", "-c", fleetPath, "--port", String(await freePort())];
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
  await drill.until(() => existsSync(quota()), "the quota is exhausted", 140_000);
  // Below npm a single one arrives twice.
  drill.child.kill("SIGINT");
  drill.child.kill("SIGINT");
  const { code, out, err } = await drill.ended;
  expect(JSON.parse(out)).toEqual({ passed: false, interrupted: true, rows: [] });
  expect(err).not.toContain("soulmirror:");
  expect(code).toBe(130);
  expect(copy()).toBeUndefined();
}, 180_000);
