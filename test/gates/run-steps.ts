/** Runs gates and vitest projects and says how many tests passed and failed. */
import { runChild } from "./child.ts";
import { type Counts, countsOfReport } from "./counts.ts";
import { type Step, scriptOf } from "./steps.ts";
import { askVitest } from "./vitest.ts";

export async function runGate(gate: Step): Promise<Counts> {
  console.log(`\n--- ${gate.name}`);
  const exitCode = await runChild(["npm", "run", "--silent", scriptOf(gate)]);
  console.log(exitCode === 0 ? `${gate.name}: passed` : `${gate.name}: failed (exit ${exitCode})`);
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** All given projects in one run of vitest; an empty list is nothing to run and nothing failed. */
export async function runProjects(projects: readonly Step[]): Promise<Counts> {
  if (projects.length === 0) return { passed: 0, failed: 0 };
  console.log(`\n--- ${projects.map((project) => project.name).join(", ")}`);
  const { exitCode, text } = await askVitest("run", projects, (file) => [
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  return countsOfReport(text, exitCode);
}
