/** Files are named after what they know. A name that could hold anything soon does. */
import { isCode, type Rule, type SourceFile, type Violation } from "./source.ts";

const emptyNames: ReadonlySet<string> = new Set(
  "util utils helper helpers common types interfaces services manager managers misc lib".split(" "),
);

const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

export const nameRule: Rule = {
  name: "names",
  check: (tree) => tree.filter(isCode).flatMap((file) => [...spelling(file), ...meaning(file)]),
};

function spelling(file: SourceFile): readonly Violation[] {
  if (!/^(?:src|test|bench|examples|bin)\//.test(file.path)) return [];
  return segmentsOf(file)
    .filter((segment) => !kebab.test(segment))
    .map((segment) => ({
      path: file.path,
      message: `"${segment}" is not kebab-case: small letters, digits and single hyphens`,
    }));
}

/** The example fleet is outside: its services are services. */
function meaning(file: SourceFile): readonly Violation[] {
  if (!/^(?:src|test|bench)\//.test(file.path)) return [];
  return segmentsOf(file)
    .filter((segment) => emptyNames.has(segment.split("-").at(-1) ?? ""))
    .map((segment) => ({
      path: file.path,
      message: `"${segment}" says nothing: name it after the one thing that it knows or does`,
    }));
}

function segmentsOf(file: SourceFile): readonly string[] {
  const stem = file.path.replace(/(?:\.property)?(?:\.test|\.d)?\.[a-z]+$/, "");
  return stem.split("/").flatMap((segment) => segment.split("."));
}
