/** Runs gates and vitest projects and says how many tests passed and failed. */
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, runChild } from "./child.ts";
import { type Counts, countsOfReport } from "./counts.ts";
import { type Step, scriptOf } from "./steps.ts";

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
  await using folder = await mkdtempDisposable(path.join(tmpdir(), "soulmirror-test-"));
  const report = path.join(folder.path, "report.json");
  const exitCode = await runChild([
    process.execPath,
    path.join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    ...projects.flatMap((project) => ["--project", project.name]),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  return countsOfReport(await readWritten(report), exitCode);
}

async function readWritten(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    console.error(`vitest wrote no report: ${String(error)}`);
    return undefined;
  }
}
