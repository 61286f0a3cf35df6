/**
 * `npm run verify`: the same steps as `npm test`, one after another, stopping at the first that
 * fails, with a table of what each took. For the person who is about to commit.
 */
import { type Counts, sum } from "./gates/counts.ts";
import { provideBinaries } from "./gates/install-binaries.ts";
import { tellLeftOut } from "./gates/left-out.ts";
import { runGate, runProjects } from "./gates/run-steps.ts";
import { chosenSteps, isOpenTo } from "./gates/steps.ts";

interface Row extends Counts {
  readonly name: string;
  readonly elapsedMs: number;
}

async function verify(names: readonly string[]): Promise<void> {
  const chosen = chosenSteps(names);
  const steps = chosen.filter((step) => isOpenTo(step));
  if (!(await provideBinaries())) {
    process.exitCode = 1;
    return;
  }
  const rows: Row[] = [];
  for (const step of steps) {
    const startMs = performance.now();
    const counts = await (step.kind === "gate" ? runGate(step) : runProjects([step]));
    rows.push({ name: step.name, elapsedMs: performance.now() - startMs, ...counts });
    if (counts.failed > 0) break;
  }
  console.log(`\n${tableOf(rows)}`);
  const untold = await tellLeftOut(chosen.filter((step) => !isOpenTo(step)));
  const isComplete = rows.length === steps.length && sum([untold, ...rows]).failed === 0;
  console.log(isComplete ? "verified" : `stopped at ${rows.at(-1)?.name}`);
  process.exitCode = isComplete ? 0 : 1;
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, passed, failed, elapsedMs }) =>
    [
      name.padEnd(12),
      String(passed).padStart(8),
      String(failed).padStart(8),
      `${(elapsedMs / 1000).toFixed(1)} s`.padStart(10),
    ].join(""),
  );
  return ["step          passed  failed      took", ...lines].join("\n");
}

await verify(process.argv.slice(2));
