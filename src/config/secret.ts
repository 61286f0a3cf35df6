/**
 * Secrets lie outside of the fleet file: `{ env: NAME }` is in the environment, or in the file that
 * `NAME_FILE` names there (as containers have it); `{ file: PATH }` is in that file. `prefix` goes
 * before it: `{ file: ./token, prefix: "Bearer " }`.
 *
 * S1. What was read is remembered, so that it can be masked wherever it turns up.
 * S2. A secret that cannot be read is a problem with its place and its fix; what it may hold is not
 *     in it.
 */
import { failed, type Result, success } from "../kernel/index.ts";
import type { Environment } from "./environment.ts";
import type { SecretSource } from "./fleet.ts";
import { complain, pathOf, type Scope } from "./resolve-scope.ts";
import type { TreePath } from "./tree.ts";

/** The text of a small file, or why there is none. Handed in: this folder reads no disk. */
export type ReadSecretFile = (path: string) => Result<string>;

export interface SecretPlaces {
  readonly environment: Environment;
  readonly readFile?: ReadSecretFile | undefined;
}

export type WrittenSecret = string | number | boolean | SecretPlace;

/** One of `env` and `file`, as the schema sees to. */
export interface SecretPlace {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  readonly prefix?: string | undefined;
}

export interface Secrets {
  readonly values: Readonly<Record<string, string>>;
  /** Of those that are not in the fleet file. */
  readonly sources: Readonly<Record<string, SecretSource>>;
}

/** A map of texts and references. */
export function secretsOf(
  scope: Scope,
  path: TreePath,
  written: Readonly<Record<string, WrittenSecret>> | undefined,
): Secrets {
  const values: Record<string, string> = {};
  const sources: Record<string, SecretSource> = {};
  for (const [name, value] of Object.entries(written ?? {})) {
    const found = secretOf(scope, [...path, name], value);
    if (found !== undefined) values[name] = found;
    if (typeof value === "object") sources[name] = sourceOf(scope, value);
  }
  return { values, sources };
}

/** One of them; undefined when it cannot be read, which is a problem then. Keeps S1 and S2. */
export function secretOf(scope: Scope, path: TreePath, written: WrittenSecret): string | undefined {
  if (typeof written !== "object") return String(written);
  const source = sourceOf(scope, written);
  const found = readSecret(source, scope);
  if (!found.ok) {
    const fix = "env" in source ? `set ${source.env} or ${source.env}_FILE` : "write it there";
    complain(scope, path, { message: found.error, fix: `${fix}, or write the value` });
    return undefined;
  }
  scope.secrets.push(found.value.slice(source.prefix?.length ?? 0));
  return found.value;
}

export function readSecret(source: SecretSource, places: SecretPlaces): Result<string> {
  const { environment } = places;
  if ("file" in source) return prefixed(source, fromFile(source.file, places));
  const value = environment[source.env];
  if (value !== undefined) return prefixed(source, success(value));
  const path = environment[`${source.env}_FILE`];
  if (path !== undefined && path !== "") return prefixed(source, fromFile(path, places));
  return failed(`the environment has no variable ${source.env}`);
}

/** The newline that editors and `echo` put at the end of a file is none of the secret. */
function fromFile(path: string, { readFile }: SecretPlaces): Result<string> {
  if (readFile === undefined) return failed(`the secret file ${path} cannot be read here`);
  const text = readFile(path);
  if (!text.ok) return failed(`the secret file ${path} cannot be read: ${text.error}`);
  const value = text.value.replace(/\r?\n$/, "");
  return value === "" ? failed(`the secret file ${path} is empty`) : success(value);
}

function prefixed({ prefix = "" }: SecretSource, value: Result<string>): Result<string> {
  return value.ok ? success(`${prefix}${value.value}`) : value;
}

export function sourceOf(scope: Scope, { env, file = "", prefix }: SecretPlace): SecretSource {
  const before = prefix === undefined ? {} : { prefix };
  return env === undefined ? { file: pathOf(scope, file), ...before } : { env, ...before };
}
