/**
 * The project that all figures of the engine share: the packed package, installed as a user does,
 * with the peers beside it and the programs that are measured.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "../rig/figure.ts";
import {
  type Footprint,
  footprintOf,
  installPackage,
  lendPackages,
  packCheckout,
} from "../rig/packed-package.ts";

const run = promisify(execFile);
const programs = fileURLToPath(new URL("./programs", import.meta.url));
const peers = ["cockatiel", "opossum", "@trpc/server", "autocannon"] as const;

export interface PackedProject {
  readonly folder: string;
  readonly footprint: Footprint;
  /** The path of one of the programs inside of the project. */
  program(name: string): string;
  /** What a program has printed as JSON. Throws with its last words when it fails. */
  ask<T>(program: string, words?: readonly string[], flags?: readonly string[]): Promise<T>;
}

let made: Promise<PackedProject> | undefined;
let place: string | undefined;

/** Built and installed once for a run. */
export async function packedProject(bench: Bench): Promise<PackedProject> {
  made ??= make(bench);
  return await made;
}

export async function removePackedProject(): Promise<void> {
  if (place !== undefined) await rm(place, { recursive: true, force: true });
  [made, place] = [undefined, undefined];
}

async function make(bench: Bench): Promise<PackedProject> {
  place = await mkdtemp(join(tmpdir(), "soulmirror-bench-packed-"));
  bench.progress("packing and installing");
  const folder = await installPackage(place, await packCheckout(place));
  return await furnish(folder);
}

/** What a bench needs, put into a project where the package is installed already. */
export async function furnish(folder: string): Promise<PackedProject> {
  const footprint = await footprintOf(folder);
  await lendPackages(folder, peers);
  await cp(programs, join(folder, "programs"), { recursive: true });
  const program = (name: string): string => join(folder, "programs", `${name}.js`);
  await writeFile(join(folder, "programs", "package.json"), '{ "type": "module" }\n');
  return {
    folder,
    footprint,
    program,
    async ask<T>(name: string, words: readonly string[] = [], flags: readonly string[] = []) {
      const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
      const { stdout } = await run(process.execPath, [...flags, program(name), ...words], options);
      return JSON.parse(stdout) as T;
    },
  };
}
