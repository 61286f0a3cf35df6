/** `npm run sim -- --seed N [--hours H] [--runs R] [--bare] [--verbose]`: replays seeds. */
import { parseArgs } from "node:util";
import { type RunResult, run } from "./run.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    hours: { type: "string", default: "1" },
    runs: { type: "string", default: "1" },
    services: { type: "string", default: "4" },
    resources: { type: "string", default: "4" },
    faults: { type: "string", default: "24" },
    bare: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

let failed = 0;
for (let index = 0; index < Number(values.runs); index += 1) {
  const seed = Number(values.seed) + index;
  const cpu = process.cpuUsage();
  const result = await run(
    {
      seed,
      hours: Number(values.hours),
      services: Number(values.services),
      resources: Number(values.resources),
      faultsPerHour: Number(values.faults),
      isWhole: !values.bare,
      isRestless: !values.bare,
    },
    values.verbose
      ? (entry, nowMs) => console.log(Math.round(nowMs), JSON.stringify(entry))
      : undefined,
  );
  const spent = process.cpuUsage(cpu);
  report(result, (spent.user + spent.system) / 1e6);
  if (result.broken.length > 0) failed += 1;
}
process.exitCode = failed > 0 ? 1 : 0;

function report(result: RunResult, cpuSeconds: number): void {
  const perSecond = Math.round(result.observations / cpuSeconds);
  const { seed, observations, ticks, recoveries, rolledBack, entries, digest } = result;
  console.log(
    `seed ${seed}: ${observations} observations in ${cpuSeconds.toFixed(2)} s of a core (${perSecond}/s), ` +
      `${ticks} ticks, ${recoveries} recoveries, ${rolledBack} rolled back, ${entries} entries, ` +
      `digest ${digest}, faults ${JSON.stringify(result.faults)}, ` +
      `killed ${JSON.stringify(result.crashes)}, persons ${JSON.stringify(result.asked)}`,
  );
  for (const text of result.broken) console.log(`  broken: ${text}`);
}
