/**
 * `npm test`: every gate and every test, and one plain line at the end that counts them.
 * `npm test -- unit tidy` runs only the named steps (see `gates/steps.ts`).
 */
import { sum } from "./gates/counts.ts";
import { provideBinaries } from "./gates/install-binaries.ts";
import { tellLeftOut } from "./gates/left-out.ts";
import { runGate, runProjects } from "./gates/run-steps.ts";
import { chosenSteps, isOpenTo } from "./gates/steps.ts";

async function run(names: readonly string[]): Promise<void> {
  const chosen = chosenSteps(names);
  const steps = chosen.filter((step) => isOpenTo(step));
  if (!(await provideBinaries())) {
    console.log("0 passed, 1 failed");
    process.exitCode = 1;
    return;
  }
  const counts = [];
  for (const gate of steps.filter((step) => step.kind === "gate")) counts.push(await runGate(gate));
  counts.push(await runProjects(steps.filter((step) => step.kind === "project")));
  counts.push(await tellLeftOut(chosen.filter((step) => !isOpenTo(step))));
  const { passed, failed } = sum(counts);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await run(process.argv.slice(2));
