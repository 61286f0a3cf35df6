/**
 * The fleet file with all that has a say beside it, as the daemon would read it now: the
 * reliability files next to it, the environment, the flags of this command line.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  type ConfigProblem,
  type ConfigText,
  companionFiles,
  formatProblem,
  type LoadedFleet,
  loadFleet,
} from "../config/index.ts";
import { messageOf, type Result, SoulMirrorError } from "../kernel/index.ts";
import { readPlainFile, readSecretFile } from "../system/index.ts";
import { counted } from "./counted.ts";

export interface FleetReading {
  readonly path: string;
  readonly port?: number | undefined;
  /** Relative paths start here; default: the folder of the file. */
  readonly baseDir?: string;
  /** Instead of what the file and those beside it say now. */
  readonly texts?: readonly ConfigText[] | undefined;
  /** Default: of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Throws CONFIG_NOT_FOUND when the file cannot be read at all. */
export function readFleet(reading: FleetReading): Result<LoadedFleet, readonly ConfigProblem[]> {
  const baseDir = reading.baseDir ?? dirname(resolve(reading.path));
  return loadFleet({
    files: reading.texts ?? textsAt(reading.path, baseDir),
    environment: reading.environment ?? process.env,
    readSecretFile,
    flags:
      reading.port === undefined ? [] : [{ key: "api.port", value: reading.port, name: "--port" }],
    baseDir,
    hash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 16),
  });
}

/** Throws CONFIG_INVALID with every problem. */
export function mustReadFleet(reading: FleetReading): LoadedFleet {
  const result = readFleet(reading);
  if (result.ok) return result.value;
  throw invalid(reading.path, result.error);
}

export function invalid(path: string, problems: readonly ConfigProblem[]): SoulMirrorError {
  const count = counted(problems.length, "problem");
  const text = problems.map(formatProblem).join("\n");
  return new SoulMirrorError("CONFIG_INVALID", `${path} has ${count}:\n${text}`);
}

function textsAt(path: string, baseDir: string): readonly ConfigText[] {
  const beside = companionFiles
    .map((name) => join(baseDir, name))
    .filter((each) => existsSync(each));
  return [path, ...beside].map(textOf);
}

function textOf(path: string): ConfigText {
  try {
    return { path, text: readPlainFile(path) };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const message = isMissing
      ? `there is no file ${path}`
      : `${path} cannot be read: ${messageOf(error)}`;
    const fix = isMissing ? "check the path" : "check the path and its permissions";
    throw new SoulMirrorError("CONFIG_NOT_FOUND", message, { fix });
  }
}
