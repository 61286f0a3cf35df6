/** A test that is skipped, or that tests a stand-in of our own code, proves nothing. */
import { isCode, isNode, isTest, lineAt, type Node, nameOf, nodesOf, type Rule } from "./source.ts";

const testNames: ReadonlySet<string> = new Set(["it", "test", "describe", "suite"]);
const evasions: ReadonlySet<string> = new Set(["skip", "only", "todo", "skipIf", "runIf", "fails"]);
const mocks: ReadonlySet<string> = new Set(["mock", "doMock", "hoisted", "importMock"]);
const privileged = "test/privileged/";

export const honestyRule: Rule = {
  name: "honesty",
  check: (tree) =>
    tree
      .filter((file) => isCode(file) && (isTest(file) || file.path.startsWith("test/")))
      .flatMap((file) => {
        const isForAll = isTest(file) && !file.path.startsWith(privileged);
        return nodesOf(file, "MemberExpression", "CallExpression", "ObjectPattern").flatMap(
          (node) => {
            const message = complaint(node) ?? (isForAll ? divided(node) : undefined);
            return message === undefined
              ? []
              : [{ path: file.path, line: lineAt(file, node.start), message }];
          },
        );
      }),
};

function complaint(node: Node): string | undefined {
  if (node.type === "CallExpression") return complaintOfCall(node);
  // What is taken out of `test`, or of the context that a test is given.
  if (node.type === "ObjectPattern")
    return keysOf(node).includes("skip") ? hidden("skip") : undefined;
  const member = memberOf(node);
  const root = rootName(node) ?? "";
  if (testNames.has(root) && evasions.has(member)) return hidden(`${root}.${member}`);
  if (root === "vi" && mocks.has(member)) {
    return `\`vi.${member}\` replaces a module; hand in the memory adapter or the real thing`;
  }
  return undefined;
}

/** `test("...", { skip: true }, ...)`, and `context.skip()`, whatever the context is called. */
function complaintOfCall(node: Node): string | undefined {
  const callee = node["callee"];
  if (!isNode(callee)) return undefined;
  // A table of tests is called twice: `test.each(rows)(name, options, body)`.
  const inner = callee.type === "CallExpression" ? callee["callee"] : callee;
  const root = (isNode(inner) && rootName(inner)) || "";
  if (testNames.has(root)) {
    const option = listOf(node["arguments"])
      .filter((each) => each.type === "ObjectExpression")
      .flatMap(keysOf)
      .find((key) => evasions.has(key));
    return option === undefined ? undefined : hidden(`{ ${option} }`);
  }
  const isContextual = callee.type === "MemberExpression" && memberOf(callee) === "skip";
  return isContextual ? hidden(`${root}.skip`) : undefined;
}

/** A test that asks who runs it has a part that somebody never runs. */
function divided(node: Node): string | undefined {
  const isAsked = node.type === "MemberExpression" && /^gete?uid$/.test(memberOf(node));
  return isAsked
    ? `what needs root belongs into ${privileged}, and nothing asks for it`
    : undefined;
}

function hidden(what: string): string {
  return `\`${what}\` hides a test; make it pass, install what it needs, or delete it`;
}

function rootName(node: Node): string | undefined {
  let root: unknown = node;
  while (isNode(root) && root.type === "MemberExpression") root = root["object"];
  return nameOf(root);
}

function memberOf(node: Node): string {
  return wordOf(node["property"]);
}

function keysOf(node: Node): readonly string[] {
  return listOf(node["properties"]).map((property) => wordOf(property["key"]));
}

/** A name, or the same as a text in quotes. */
function wordOf(value: unknown): string {
  const text = isNode(value) ? value["value"] : undefined;
  return nameOf(value) ?? (typeof text === "string" ? text : "");
}

function listOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
