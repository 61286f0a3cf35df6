/** The error table and its page say the same: a code nobody explains is a riddle. */
import { isNode, missingFrom, nameOf, nodesOf, type Rule, type SourceFile } from "./source.ts";

const tablePath = "src/kernel/errors.ts";
const pagePath = "docs/errors.md";

export const errorRule: Rule = {
  name: "errors",
  check: (tree) => {
    const table = tree.find((file) => file.path === tablePath);
    const page = tree.find((file) => file.path === pagePath);
    if (table === undefined)
      return [{ path: tablePath, message: "is missing: the table of errors" }];
    if (page === undefined) {
      const message = `is missing: write it, one heading or table row for each code of ${tablePath}`;
      return [{ path: pagePath, message }];
    }
    const codes = tableCodes(table);
    const explained = pageCodes(page);
    if (codes.size === 0) {
      return [{ path: tablePath, message: "holds no `errorTable` with codes as its keys" }];
    }
    return [
      ...missingFrom(explained, codes).map((code) => ({
        path: pagePath,
        message: `does not explain ${code}: say what happened and what the reader can do`,
      })),
      ...missingFrom(codes, explained).map((code) => ({
        path: pagePath,
        message: `explains ${code}, which ${tablePath} does not have: remove one or add the other`,
      })),
    ];
  },
};

function tableCodes(file: SourceFile): Set<string> {
  const declared = nodesOf(file, "VariableDeclarator").find(
    (node) => nameOf(node["id"]) === "errorTable",
  );
  let value = declared?.["init"];
  // `{ ... } as const satisfies ...` wraps the literal.
  while (isNode(value) && value.type !== "ObjectExpression") value = value["expression"];
  const members = isNode(value) ? (value["properties"] as readonly unknown[]) : [];
  return new Set(
    members.flatMap((member) => (isNode(member) ? (nameOf(member["key"]) ?? []) : [])),
  );
}

function pageCodes(file: SourceFile): Set<string> {
  const codes = file.text.matchAll(/^(?:#+ |\| *)`([A-Z][A-Z0-9_]*)`/gm);
  return new Set([...codes].map((found) => found[1] ?? ""));
}
