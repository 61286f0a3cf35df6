/**
 * Sources in, fleet out, or every problem at once. The one way into this folder for those who
 * start or reload a fleet.
 */
import { failed, type Json, type Result, success } from "../kernel/index.ts";
import { type Explanation, explainKey } from "./explain.ts";
import type { Fleet } from "./fleet.ts";
import type { ConfigProblem } from "./problem.ts";
import { resolve } from "./resolve.ts";
import { resolveNeeds } from "./resolve-needs.ts";
import type { Scope } from "./resolve-scope.ts";
import { type ConfigSources, gather } from "./sources.ts";
import { validate } from "./validate.ts";

export interface LoadedFleet {
  readonly fleet: Fleet;
  /**
   * Where the value of a key comes from; undefined when there is no such key. Reads the sources
   * anew, so that nothing but their text is kept in memory meanwhile.
   */
  readonly explain: (key: string) => Explanation | undefined;
  /** Every secret that was read from outside of the files, for masking. */
  readonly secrets: readonly string[];
  /** What is allowed, but hardly meant. */
  readonly warnings: readonly string[];
}

export function loadFleet(sources: ConfigSources): Result<LoadedFleet, readonly ConfigProblem[]> {
  const { tree, problems, warnings } = gather(sources);
  const validated = validate(tree);
  const scope: Scope = {
    tree,
    baseDir: sources.baseDir,
    environment: sources.environment ?? {},
    readFile: sources.readSecretFile,
    secrets: [],
    hash: sources.hash,
    vaultAgent: sources.vaultAgent,
    warnings: [...warnings],
    problems: [...problems, ...validated.problems],
  };
  const { written, resources } = validated;
  // In a file that cannot be read to its end nobody knows which names there are.
  const needs = problems.length > 0 ? new Map<string, never>() : resolveNeeds(scope);
  // What does not fit the schema would only lead to complaints about complaints.
  if (scope.problems.length > 0 || written === undefined) return failed(inOrder(scope));
  const fleet = resolve(scope, { written, resources, needs });
  if (scope.problems.length > 0) return failed(inOrder(scope));
  return success({
    fleet,
    secrets: scope.secrets,
    warnings: scope.warnings,
    explain: (key) => explain(sources, key),
  });
}

function explain(sources: ConfigSources, key: string): Explanation | undefined {
  const { tree } = gather(sources);
  const { written, resources } = validate(tree);
  if (written === undefined) return undefined;
  const effective = Object.fromEntries([...resources].map(([id, each]) => [id, each.written]));
  return explainKey(tree, { ...written, resources: effective } as Json, key);
}

/** As one reads the files. */
function inOrder({ problems }: Scope): readonly ConfigProblem[] {
  return problems.toSorted(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}
