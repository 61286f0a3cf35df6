/** Limits on size. They are alarms, not aims: a file near its limit is two things in one. */
import {
  isCode,
  isTest,
  lineAt,
  type Node,
  nodesOf,
  parse,
  type Rule,
  type SourceFile,
} from "./source.ts";

const fileLines = 400;
const functionLines = 80;
const parameters = 3;
const commentColumns = 100;

const functionKinds = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];
const signatureKinds = ["TSDeclareFunction", "TSMethodSignature", "TSFunctionType"];

export const budgetRule: Rule = {
  name: "budgets",
  check: (tree) =>
    tree
      .filter(isCode)
      .flatMap((file) => [
        ...longFile(file),
        ...(isTest(file) ? [] : longFunctions(file)),
        ...manyParameters(file),
        ...wideComments(file),
      ]),
};

function longFile(file: SourceFile): ReturnType<Rule["check"]> {
  const lines = file.text.split("\n").length - 1;
  if (lines <= fileLines) return [];
  const message = `has ${lines} lines, ${fileLines} at most (aim at 100): split it by what it knows`;
  return [{ path: file.path, message }];
}

function longFunctions(file: SourceFile): ReturnType<Rule["check"]> {
  return nodesOf(file, ...functionKinds).flatMap((node) => {
    const line = lineAt(file, node.start);
    const lines = lineAt(file, node.end) - line + 1;
    if (lines <= functionLines) return [];
    const message = `a function of ${lines} lines, ${functionLines} at most: name its parts`;
    return [{ path: file.path, line, message }];
  });
}

function manyParameters(file: SourceFile): ReturnType<Rule["check"]> {
  return nodesOf(file, ...functionKinds, ...signatureKinds).flatMap((node) => {
    const count = parametersOf(node).filter((each) => each["name"] !== "this").length;
    if (count <= parameters) return [];
    const message = `${count} parameters, ${parameters} at most: take an options object`;
    return [{ path: file.path, line: lineAt(file, node.start), message }];
  });
}

function parametersOf(node: Node): readonly Node[] {
  return Array.isArray(node["params"]) ? (node["params"] as readonly Node[]) : [];
}

/** The formatter wraps code; a comment is left as it is written. */
function wideComments(file: SourceFile): ReturnType<Rule["check"]> {
  const lines = file.text.split("\n");
  return parse(file).comments.flatMap((comment) => {
    const first = lineAt(file, comment.start);
    return lines.slice(first - 1, lineAt(file, comment.end)).flatMap((text, index) => {
      if (text.length <= commentColumns || /https?:/.test(text)) return [];
      const message = `a comment of ${text.length} columns, ${commentColumns} at most: wrap it`;
      return [{ path: file.path, line: first + index, message }];
    });
  });
}
