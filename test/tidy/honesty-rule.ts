/** A test that is skipped, or that tests a stand-in of our own code, proves nothing. */
import { isCode, isNode, isTest, lineAt, type Node, nameOf, nodesOf, type Rule } from "./source.ts";

const testNames: ReadonlySet<string> = new Set(["it", "test", "describe", "suite"]);
const evasions: ReadonlySet<string> = new Set(["skip", "only", "todo", "skipIf", "runIf", "fails"]);
const mocks: ReadonlySet<string> = new Set(["mock", "doMock", "hoisted", "importMock"]);

export const honestyRule: Rule = {
  name: "honesty",
  check: (tree) =>
    tree
      .filter((file) => isCode(file) && (isTest(file) || file.path.startsWith("test/")))
      .flatMap((file) =>
        nodesOf(file, "MemberExpression").flatMap((node) => {
          const message = complaint(node);
          return message === undefined
            ? []
            : [{ path: file.path, line: lineAt(file, node.start), message }];
        }),
      ),
};

function complaint(node: Node): string | undefined {
  const member = nameOf(node["property"]) ?? "";
  const root = rootName(node) ?? "";
  if (testNames.has(root) && evasions.has(member)) {
    return `\`${root}.${member}\` hides a test; make it pass, install what it needs, or delete it`;
  }
  if (root === "vi" && mocks.has(member)) {
    return `\`vi.${member}\` replaces a module; hand in the memory adapter or the real thing`;
  }
  return undefined;
}

function rootName(node: Node): string | undefined {
  let root: unknown = node["object"];
  while (isNode(root) && root.type === "MemberExpression") root = root["object"];
  return nameOf(root);
}
