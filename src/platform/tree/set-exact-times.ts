/**
 * Sets times that Node's doubles cannot hold, many files a process (see `exact-times-programs`).
 * Where there is no program that can, a warning is due: times are then right to 0.24 microseconds.
 */
import { Buffer } from "node:buffer";
import { getSystemErrorName } from "node:util";
import type { RawPath } from "../../vault/index.ts";
import type { TimesProgram } from "./exact-times-programs.ts";
import { type SplitPath, splitPath } from "./held-folders.ts";
import { nanosecondsOf, secondsOf } from "./node-times.ts";
import type { LeftToFinish, RestoreFailure } from "./restore-outcome.ts";
import { type ProgramEnd, runProgram } from "./run-program.ts";

export type Timed = Pick<LeftToFinish, "path" | "mtimeNs" | "atimeNs">;

export interface ExactTimesPlace {
  /** The folder that all paths are relative to. */
  readonly root: number;
  readonly programs: readonly TimesProgram[];
}

/** Undefined when there is no such program. */
export async function setExactTimes(
  paths: readonly Timed[],
  { root, programs }: ExactTimesPlace,
): Promise<readonly RestoreFailure[] | undefined> {
  const records: string[] = [];
  let folder: RawPath | undefined;
  for (const each of paths) {
    const place = splitPath(each.path);
    if (place.folder !== folder) records.push(`D${place.folder}\0`);
    folder = place.folder;
    records.push(recordOf(each, place));
  }
  const input = Buffer.from(records.join(""), "latin1");
  for (const program of programs) {
    const end = await runProgram({ ...program, input, descriptors: [root] });
    if (end.kind !== "missing") return failuresIn(end, paths, program);
  }
  return undefined;
}

function recordOf({ atimeNs, mtimeNs }: Timed, { name }: SplitPath): string {
  const times = [atimeNs, mtimeNs].flatMap((timeNs) => [secondsOf(timeNs), nanosecondsOf(timeNs)]);
  return `T${times.join(" ")} ${name}\0`;
}

function failuresIn(
  end: Exclude<ProgramEnd, { kind: "missing" }>,
  paths: readonly Timed[],
  { command }: TimesProgram,
): readonly RestoreFailure[] {
  if (end.kind === "broken" || end.status !== 0) {
    const reason = end.kind === "broken" ? end.reason : `${command}: ${end.err.slice(0, 200)}`;
    return paths.map(({ path }) => ({ kind: "failed", path, code: "EIO", reason }));
  }
  return end.out.split("\n").flatMap((line): readonly RestoreFailure[] => {
    const [index, errorNumber] = line.split(" ").map(Number);
    const path = paths[index ?? -1]?.path;
    if (path === undefined || errorNumber === undefined || line === "") return [];
    const code = getSystemErrorName(-errorNumber);
    return [{ kind: "failed", path, code, reason: "its times could not be set" }];
  });
}
