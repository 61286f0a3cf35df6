/** What every part of the resolver has at hand: places, problems, and how values become plain. */
import { type JsonRecord, parseBytes, parseDurationMs } from "../kernel/index.ts";
import type { Environment } from "./environment.ts";
import type { ConfigProblem } from "./problem.ts";
import type { ReadSecretFile } from "./secret.ts";
import { splitWords } from "./split-words.ts";
import type { MapTree, TreePath } from "./tree.ts";
import { problem, type Says } from "./validate.ts";
import type { VaultAgent } from "./vault-spec.ts";

export interface Scope {
  readonly tree: MapTree;
  readonly baseDir: string;
  readonly environment: Environment;
  readonly readFile?: ReadSecretFile | undefined;
  /** Every secret that was read: to be masked wherever it turns up. */
  readonly secrets: string[];
  readonly hash: (text: string) => string;
  readonly vaultAgent?: VaultAgent | undefined;
  readonly warnings: string[];
  readonly problems: ConfigProblem[];
}

export function complain(scope: Scope, path: TreePath, says: Says): void {
  scope.problems.push(problem(scope.tree, path, says));
}

/** The schema has let it pass, so it can be read. */
export function msOf(value: string | number): number {
  return parseDurationMs(value) ?? 0;
}

export function bytesOf(value: string | number): number {
  return parseBytes(value) ?? 0;
}

export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** Without the members that are undefined, as `exactOptionalPropertyTypes` wants them. */
function defined<T extends Record<string, unknown>>(
  record: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function wordsOf(
  scope: Scope,
  path: TreePath,
  command: string | readonly (string | number)[],
): readonly string[] {
  if (typeof command !== "string") return command.map(String);
  const words = splitWords(command);
  if (words.ok) return words.value;
  complain(scope, path, { message: words.error, fix: "write the command as a list" });
  return [];
}

/** Absolute, with `.` and `..` taken out; relative paths start at the fleet file's folder. */
export function pathOf(scope: Scope, path: string): string {
  const joined = path.startsWith("/") ? path : `${scope.baseDir}/${path}`;
  const parts: string[] = [];
  for (const part of joined.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** For parameters of sensors, which are plain data. */
export function parametersOf(record: Record<string, unknown>): JsonRecord {
  return defined(record) as JsonRecord;
}
