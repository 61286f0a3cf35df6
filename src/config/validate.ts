/**
 * Holds the merged tree against the schema and turns every complaint into a problem that names
 * its place. Resources are validated one by one against the schema of their kind.
 */
import type { z } from "zod";
import { adviceFor } from "../kernel/index.ts";
import { formatKey } from "./key-path.ts";
import { showValue } from "./mask.ts";
import type { ConfigProblem } from "./problem.ts";
import { fleetSchema, type WrittenFleet } from "./schema.ts";
import {
  type ResourceKind,
  resourceKey,
  resourceKinds,
  resourceSchemas,
  type WrittenResource,
} from "./schema-resources.ts";
import {
  at,
  type MapTree,
  memberOf,
  type Origin,
  plainOf,
  type Tree,
  type TreePath,
} from "./tree.ts";

export interface Validated {
  readonly written: WrittenFleet | undefined;
  /** By `kind/name`. */
  readonly resources: ReadonlyMap<string, WrittenResource>;
  readonly problems: readonly ConfigProblem[];
}

type Issue = z.core.$ZodIssue;

/** A file is read a few times in a process's life: to compile the schema first takes longer. */
const once = { jitless: true } as const;

export function validate(tree: MapTree): Validated {
  const parsed = fleetSchema.safeParse(plainOf(tree), once);
  const problems = parsed.success ? [] : problemsOf(tree, [], parsed.error.issues);
  const resources = new Map<string, WrittenResource>();
  const written = memberOf(tree, "resources");
  if (written?.kind === "map") {
    for (const [key, member] of written.members) {
      const found = validateResource(tree, key, member);
      if (Array.isArray(found)) problems.push(...found);
      else resources.set(key, found);
    }
  }
  return { written: parsed.data, resources, problems: unique(problems) };
}

/** What is watched of every machine has these. */
const takenNames: readonly string[] = ["host/clock", "host/network", "host/pressure"];

function validateResource(
  tree: MapTree,
  key: string,
  member: Tree,
): WrittenResource | ConfigProblem[] {
  const path = ["resources", key];
  if (!resourceKey.test(key)) {
    const fix = `name it KIND/NAME; kinds are ${resourceKinds.join(", ")}`;
    return [problem(tree, path, { message: `"${key}" is not KIND/NAME`, fix, at: "key" })];
  }
  const kind = key.slice(0, key.indexOf("/")) as ResourceKind;
  const schema: z.ZodType | undefined = resourceSchemas[kind];
  if (schema === undefined) {
    const fix = adviceFor(kind, resourceKinds);
    return [problem(tree, path, { message: `unknown kind "${kind}"`, fix, at: "key" })];
  }
  if (takenNames.includes(key)) {
    const says = { message: "this name is taken", fix: "choose another name", at: "key" } as const;
    return [problem(tree, path, says)];
  }
  const parsed = schema.safeParse(plainOf(member), once);
  if (!parsed.success) return problemsOf(tree, path, parsed.error.issues);
  return { kind, written: parsed.data } as WrittenResource;
}

export function problemsOf(
  tree: Tree,
  prefix: TreePath,
  issues: readonly Issue[],
): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...(issue.path as TreePath)];
    if (issue.code === "unrecognized_keys") {
      const lines = issue.message.split("\n");
      return issue.keys.map((key, index) =>
        problem(tree, [...path, key], {
          message: lines[index * 2] ?? "",
          fix: lines[index * 2 + 1] ?? "",
          at: "key",
        }),
      );
    }
    if (issue.code === "invalid_key") {
      const [message = "", fix = ""] = (issue.issues[0]?.message ?? "").split("\n");
      return [problem(tree, path, { message, fix, at: "key" })];
    }
    if (issue.code === "invalid_union") {
      const branch = meantBranch(issue.errors);
      if (branch !== undefined) return problemsOf(tree, path, branch);
    }
    return [complaint(tree, path, issue.message)];
  });
}

/** The one form of several that the value has already; its complaints are the useful ones. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fits = branches.filter(
    (issues) => !issues.some((issue) => issue.path.length === 0 && issue.code === "invalid_type"),
  );
  const best = fits.toSorted((a, b) => a.length - b.length)[0];
  // Complaints without a second line are the library's own words: ours for the whole are better.
  return best?.every((issue) => hasFix(issue)) === true ? best : undefined;
}

function hasFix(issue: Issue): boolean {
  return (
    issue.message.includes("\n") || issue.code === "invalid_union" || issue.code === "invalid_key"
  );
}

function complaint(tree: Tree, path: TreePath, text: string): ConfigProblem {
  const [message = "", fix = ""] = text.split("\n");
  const value = at(tree, path);
  if (value === undefined) {
    const last = path.at(-1);
    const add = fix.replace(/^(write|use)( for example)? /, "");
    return problem(tree, path, { message: "it is missing", fix: `add \`${last}\`: ${add}` });
  }
  const wants = message.startsWith("expected") && !message.includes("found ");
  const found = wants ? `, found ${showValue(path, plainOf(value))}` : "";
  const shown = message.startsWith("expected") || value.kind === "map";
  const more = shown ? found : ` (${showValue(path, plainOf(value))})`;
  return problem(tree, path, { message: `${message}${more}`, fix });
}

export interface Says {
  readonly message: string;
  readonly fix: string;
  readonly at?: "key" | "value";
}

/** A problem at the place of `path`, or of the nearest thing above it that was written. */
export function problem(tree: Tree, path: TreePath, says: Says): ConfigProblem {
  let origin = tree.origin;
  let here: Tree | undefined = tree;
  let isWhole = true;
  for (const key of path) {
    here = memberOf(here, key);
    if (here === undefined) {
      isWhole = false;
      break;
    }
    origin = here.origin;
  }
  const { message, fix } = says;
  // An empty value has no place of its own.
  const isEmpty = here?.kind === "scalar" && here.value === null;
  const place = placeOf(origin, isWhole && !isEmpty && says.at !== "key" ? "value" : "key");
  return { ...place, key: formatKey(path), message, fix };
}

export function placeOf(
  origin: Origin,
  which: "key" | "value" = "value",
): { readonly file: string; readonly line: number; readonly column: number } {
  switch (origin.kind) {
    case "file": {
      const offset = which === "key" ? (origin.keyOffset ?? origin.offset) : origin.offset;
      return { file: origin.source.path, ...origin.source.placeOf(offset) };
    }
    case "environment":
      return { file: `environment variable ${origin.name}`, line: 0, column: 0 };
    case "flag":
      return { file: `flag ${origin.name}`, line: 0, column: 0 };
    case "runtime":
      return { file: "runtime change", line: 0, column: 0 };
    case "default":
      return { file: "built-in default", line: 0, column: 0 };
  }
}

/** One default of one's own that is wrong would be reported for every service. */
function unique(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Map<string, ConfigProblem>();
  for (const each of problems) {
    const key = [each.file, each.line, each.column, each.message].join("\0");
    if (!seen.has(key) || each.line === 0)
      seen.set(each.line === 0 ? `${key}${each.key}` : key, each);
  }
  return [...seen.values()];
}
