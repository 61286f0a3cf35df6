/** What only looks like a fault, and plain load on a healthy fleet: nothing may be said or done. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { DrillRow } from "../../src/chaos/index.ts";
import type { SealedEntry } from "../../src/model/index.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { freePort } from "../rig/free-ports.ts";
import { Ground } from "../rig/ground.ts";
import { copyShop, type ShopCopy } from "../rig/shop-copy.ts";
import { short } from "../rig/spread.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));
const only = "M3,M4,S7,C1,C2,C3";
const ratePerSecond = 40;

export const controls: Figure = {
  name: "controls",
  title: "the controls and a healthy stretch of load",
  async run(bench) {
    const shop = await copyShop(bench);
    return [await drillRow(bench, shop), ...(await healthyLoad(bench, shop))];
  },
};

/** The drill brings up a copy with a daemon of its own, and ends both. */
async function drillRow(bench: Bench, { fleetPath }: ShopCopy): Promise<Row> {
  bench.progress(`drill --only ${only}`);
  const data = join(bench.folder, "data-of-drill");
  const port = String(await freePort());
  const words = ["drill", "-c", fleetPath, "--data", data, "--port", port, "--only", only];
  const options = { maxBuffer: 16 * 1024 * 1024 };
  const running = run(process.execPath, [program, ...words, "--json"], options);
  // A drill that is not passed says so in its exit code, and prints its rows all the same.
  const ended = running.catch((error: unknown) => error as { stdout: string; stderr: string });
  bench.teardown.defer(async () => {
    // It ends its daemon and its services before itself.
    running.child.kill("SIGTERM");
    await ended;
  });
  const said = await ended;
  const rows = rowsIn(said.stdout);
  const bad = rows.filter(({ verdict }) => verdict.kind !== "quiet");
  const told = bad.map(
    ({ fault, verdict }) =>
      `${fault} ${verdict.kind} ${verdict.kind === "failed" ? verdict.reasons.join("; ") : ""}`,
  );
  return {
    what: `controls ${only}`,
    mustReach: "0 failures, 0 actions",
    measured:
      rows.length === 0
        ? `no rows: ${`${said.stdout}${said.stderr}`.trim().slice(-300)}`
        : `${rows.length - bad.length} of ${rows.length} quiet${told.map((text) => `; ${text}`).join("")}`,
    reached: rows.length > 0 && bad.length === 0,
  };
}

function rowsIn(text: string): readonly DrillRow[] {
  try {
    return (JSON.parse(text) as { readonly rows?: readonly DrillRow[] }).rows ?? [];
  } catch {
    // It ended before it had rows; the caller shows why.
    return [];
  }
}

async function healthyLoad(bench: Bench, shop: ShopCopy): Promise<readonly Row[]> {
  const lastsMs = bench.quick ? 120_000 : 3_600_000;
  const ground = await Ground.at(bench, shop.fleetPath);
  await ground.healthy();
  const from = await ground.position();
  const ledgerFile = join(bench.folder, "requests.jsonl");
  const { startLoad, FRONT_DOORS: targets } = shop.load;
  const seconds = lastsMs / 1000 + 60;
  const load = startLoad({ targets, ledgerFile, ratePerSecond, seconds });
  bench.teardown.defer(async () => void (await load.stop()));
  const sinceMs = performance.now();
  while (performance.now() - sinceMs < lastsMs) {
    await pause(5000);
    bench.progress(`load, ${short((performance.now() - sinceMs) / 1000)} of ${lastsMs / 1000} s`);
  }
  await load.stop();
  const entries = await ground.journal(from);
  const raised = tell(entries, "failure_raised");
  const planned = tell(entries, "plan");
  const { requests, failed } = await countLedger(shop, ledgerFile);
  return [
    {
      what: `healthy load, ${short(lastsMs / 60_000)} min, ${requests} requests`,
      mustReach: "0 failures, 0 actions",
      measured: `${raised.length} failures, ${planned.length} actions${raised.map((text) => `; ${text}`).join("")}`,
      reached: raised.length === 0 && planned.length === 0,
    },
    {
      what: "healthy load: requests",
      mustReach: "0 failed",
      measured: `${failed} of ${requests} failed`,
      reached: failed === 0,
    },
  ];
}

function tell(entries: readonly SealedEntry[], kind: "failure_raised" | "plan"): readonly string[] {
  return entries.flatMap(({ entry }) => {
    if (entry.kind !== kind) return [];
    if (entry.kind === "plan") return [`${entry.plan.strategy} ${entry.plan.resource}`];
    if (entry.kind !== "failure_raised") return [];
    const { resource, type, reason } = entry.failure;
    return [`${resource} ${type}: ${reason}`];
  });
}

async function countLedger(
  { load }: ShopCopy,
  file: string,
): Promise<{ readonly requests: number; readonly failed: number }> {
  let [requests, failed] = [0, 0];
  for (let from = 0; ; ) {
    const { lines, nextByte } = await load.readLedger(file, from);
    const figures = load.countRequests(lines);
    requests += figures.requests;
    failed += figures.failed;
    if (nextByte === from) return { requests, failed };
    from = nextByte;
  }
}
