/**
 * `npm run bench:loop`: what the loop must reach, measured on real processes.
 *
 *   node bench/loop.ts [--only NAME,NAME] [--quick] [--json FILE]
 *
 * Every figure has a folder, ports and a daemon of its own, and ends what it started. What is
 * missed is printed as it is. Exit code 1 when anything is missed.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { controls } from "./figures/controls.ts";
import { daemonKilled } from "./figures/daemon-killed.ts";
import { hangs } from "./figures/hangs.ts";
import { heldPort } from "./figures/held-port.ts";
import { idle } from "./figures/idle.ts";
import { instances } from "./figures/instances.ts";
import { leak } from "./figures/leak.ts";
import { restart } from "./figures/restart.ts";
import { simulation } from "./figures/simulation.ts";
import { tenThousand } from "./figures/ten-thousand.ts";
import type { Figure } from "./rig/figure.ts";
import { removePm2 } from "./rig/pm2.ts";
import { type FigureRow, renderTable } from "./rig/render-table.ts";
import { short } from "./rig/spread.ts";

const figures: readonly Figure[] = [
  restart,
  instances,
  hangs,
  heldPort,
  leak,
  daemonKilled,
  tenThousand,
  idle,
  simulation,
  controls,
];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

let underWay: AsyncDisposableStack | undefined;
let leaving: Promise<void> | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    leaving ??= leave(signal === "SIGINT" ? 130 : 143);
  });
}

const rows: FigureRow[] = [];
for (const figure of chosen(values.only)) rows.push(...(await measure(figure)));
await removePm2();
showProgress("");
console.log(`\n${renderTable(rows)}\n`);
console.log(circumstances());
if (values.json !== undefined) {
  writeFileSync(
    values.json,
    `${JSON.stringify({ circumstances: circumstances(), rows }, null, 2)}\n`,
  );
}
process.exit(rows.some(({ reached }) => reached === false) ? 1 : 0);

function chosen(only: string | undefined): readonly Figure[] {
  if (only === undefined) return figures;
  const names = only.split(",");
  const unknown = names.find((name) => !figures.some((figure) => figure.name === name));
  if (unknown === undefined) return figures.filter(({ name }) => names.includes(name));
  console.error(`there is no figure ${unknown}: ${figures.map(({ name }) => name).join(" ")}`);
  process.exit(2);
}

async function measure(figure: Figure): Promise<readonly FigureRow[]> {
  const { name, title } = figure;
  const sinceMs = performance.now();
  await using teardown = new AsyncDisposableStack();
  underWay = teardown;
  const folder = await mkdtemp(join(tmpdir(), `soulmirror-bench-${name}-`));
  teardown.defer(() => rm(folder, { recursive: true, force: true }));
  const progress = (text: string): void => showProgress(`${name}: ${text}`);
  try {
    const found = await figure.run({ quick: values.quick, folder, teardown, progress });
    showProgress("");
    console.log(`${name}: ${title} (${short((performance.now() - sinceMs) / 1000)} s)`);
    for (const { what, measured, reached } of found) {
      console.log(`  ${reached === false ? "MISSED " : ""}${what}: ${measured}`);
    }
    return found.map((row) => ({ figure: name, ...row }));
  } catch (error) {
    // What it needs was taken from it: we are about to go.
    await leaving;
    showProgress("");
    console.log(`${name}: ${title}: broke off: ${String(error)}`);
    const row = { what: title, mustReach: "", measured: `broke off: ${String(error)}` };
    return [{ figure: name, ...row, reached: false }];
  }
}

/** Interrupted: what is under way is ended, and nothing is said about it. */
async function leave(exitCode: number): Promise<void> {
  try {
    await underWay?.disposeAsync();
    await removePm2();
  } finally {
    process.exit(exitCode);
  }
}

function circumstances(): string {
  const load = loadavg().map(short).join(" ");
  const kind = values.quick ? "quick" : "full";
  return `${kind} run, Node ${process.versions.node}, ${availableParallelism()} cores, load ${load}`;
}

function showProgress(text: string): void {
  if (!process.stdout.isTTY) return;
  process.stdout.write(`\r\u001b[2K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
}
