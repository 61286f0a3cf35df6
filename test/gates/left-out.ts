/**
 * What only root can run is left out for everybody else. It is counted and said, so that nobody
 * takes the count of the rest for the whole; and what cannot be counted has failed.
 */
import type { Counts } from "./counts.ts";
import type { Step } from "./steps.ts";
import { askVitest } from "./vitest.ts";

/** Prints one line for each; an empty list is nothing to say. */
export async function tellLeftOut(projects: readonly Step[]): Promise<Counts> {
  let failed = 0;
  for (const project of projects) {
    const listed = await listTests(project);
    const line = listed === undefined ? undefined : lineOf(project, listed);
    console.log(`\n${line ?? `what is left out of test/${project.name} cannot be counted`}`);
    if (line === undefined) failed += 1;
  }
  return { passed: 0, failed };
}

/**
 * The tests of one project as JSON, without running them. The files are loaded for it: one that is
 * only parsed counts a whole table of tests as one.
 */
export async function listTests(project: Step): Promise<string | undefined> {
  const { exitCode, text } = await askVitest("list", [project], (file) => [
    "--no-static-parse",
    `--json=${file}`,
  ]);
  return exitCode === 0 ? text : undefined;
}

/** Of what `listTests` found; undefined when that names no test. */
export function lineOf(project: Step, listed: string): string | undefined {
  const tests = JSON.parse(listed) as readonly { readonly file: string }[];
  const files = new Set(tests.map(({ file }) => file));
  if (tests.length === 0) return undefined;
  return `left out: ${tests.length} tests in ${files.size} files of test/${project.name} need root`;
}
