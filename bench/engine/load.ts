/** What `import "soulmirror"` brings: modules, time, packages. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { short, spreadOf, tellSpread } from "../rig/spread.ts";
import { type PackedProject, packedProject } from "./packed-project.ts";

const run = promisify(execFile);
const most = { modules: 90, extraMs: 25, megabytes: 40, packages: 80 };

export const load: Figure = {
  name: "load",
  title: "what installing and loading the package takes",
  async run(bench) {
    const project = await packedProject(bench);
    return [...(await loaded(project)), await startTimes(bench, project), ...installed(project)];
  },
};

export interface LoadedModules {
  /** Files of the package itself. */
  readonly own: readonly string[];
  /** Modules of Node that were not there before, its internal ones included. */
  readonly ofNode: readonly string[];
  /** Files of other packages. */
  readonly foreign: readonly string[];
}

export async function loadedModules(project: PackedProject): Promise<LoadedModules> {
  const { urls, ofNode } = await project.ask<Loaded>("count-modules");
  const isOwn = (url: string): boolean =>
    /\/node_modules\/soulmirror\/(?!.*node_modules)/.test(url);
  return { own: urls.filter(isOwn), ofNode, foreign: urls.filter((url) => !isOwn(url)) };
}

interface Loaded {
  readonly urls: readonly string[];
  readonly ofNode: readonly string[];
}

async function loaded(project: PackedProject): Promise<readonly Row[]> {
  const { own, ofNode, foreign } = await loadedModules(project);
  return [
    {
      what: 'modules that `import "soulmirror"` loads',
      mustReach: `<= ${most.modules}`,
      measured: `${own.length}, and ${ofNode.length} of Node, its internal ones included`,
      reached: own.length <= most.modules,
    },
    {
      what: "modules of other packages",
      mustReach: "none",
      measured: foreign.length === 0 ? "none" : foreign.join(" "),
      reached: foreign.length === 0,
    },
  ];
}

/** A process that only loads the package, beside one that does nothing. */
async function startTimes(bench: Bench, { folder }: PackedProject): Promise<Row> {
  const pairs = bench.quick ? 5 : 40;
  const empty = join(folder, "empty.mjs");
  const importing = join(folder, "importing.mjs");
  await writeFile(empty, "");
  await writeFile(importing, 'import "soulmirror";\n');
  const tookMs = async (file: string): Promise<number> => {
    const sinceMs = performance.now();
    await run(process.execPath, [file], { cwd: folder });
    return performance.now() - sinceMs;
  };
  const extraMs: number[] = [];
  // The first pair fills the file cache.
  for (let pair = 0; pair <= pairs; pair += 1) {
    bench.progress(`start ${pair} of ${pairs}`);
    const isEmptyFirst = pair % 2 === 0;
    const firstMs = await tookMs(isEmptyFirst ? empty : importing);
    const secondMs = await tookMs(isEmptyFirst ? importing : empty);
    if (pair > 0) extraMs.push(isEmptyFirst ? secondMs - firstMs : firstMs - secondMs);
  }
  const spread = spreadOf(extraMs);
  return {
    what: 'a process with `import "soulmirror"`, beyond an empty one',
    mustReach: `<= ${most.extraMs} ms`,
    measured: tellSpread(spread, "ms"),
    reached: spread.median <= most.extraMs,
    spread,
  };
}

function installed({ footprint }: PackedProject): readonly Row[] {
  const { megabytes, packages, withInstallScript } = footprint;
  return [
    {
      what: "installed",
      mustReach: `<= ${most.megabytes} MB, <= ${most.packages} packages`,
      measured: `${short(megabytes)} MB, ${packages} packages`,
      reached: megabytes <= most.megabytes && packages <= most.packages,
    },
    {
      what: "install scripts",
      mustReach: "none",
      measured: withInstallScript.length === 0 ? "none" : withInstallScript.join(" "),
      reached: withInstallScript.length === 0,
    },
  ];
}
