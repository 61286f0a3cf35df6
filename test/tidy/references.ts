/**
 * Finds where a file uses a global. A name that the file binds itself (a parameter, a variable, an
 * import) is never a global here: the whole file counts as one scope, which errs on the quiet side
 * and needs no scope analysis.
 */
import {
  isNode,
  type Node,
  nameOf,
  onceForEach,
  programOf,
  type SourceFile,
  walk,
} from "./source.ts";

export interface GlobalUse {
  /** From the most exact to the plainest: `["Date.now", "Date"]`, `["new Date()", "Date"]`. */
  readonly names: readonly string[];
  readonly start: number;
}

/** Positions in which an identifier is a label and no value: keys, members, types. */
const labelFields: ReadonlySet<string> = new Set([
  "MemberExpression.property",
  "Property.key",
  "MethodDefinition.key",
  "PropertyDefinition.key",
  "AccessorProperty.key",
  "TSPropertySignature.key",
  "TSMethodSignature.key",
  "TSAbstractMethodDefinition.key",
  "TSAbstractPropertyDefinition.key",
  "TSTypeReference.typeName",
  "TSQualifiedName.left",
  "TSQualifiedName.right",
  "TSTypeQuery.exprName",
  "TSImportType.qualifier",
  "TSNamedTupleMember.label",
  "TSTypePredicate.parameterName",
  "ImportSpecifier.imported",
  "ExportSpecifier.exported",
  "LabeledStatement.label",
  "BreakStatement.label",
  "ContinueStatement.label",
  "MetaProperty.meta",
  "MetaProperty.property",
  "TSInterfaceDeclaration.id",
  "TSTypeAliasDeclaration.id",
]);

export const globalUses: (file: SourceFile) => readonly GlobalUse[] = onceForEach((file) => {
  const bound = new Set<string>();
  const candidates: { node: Node; parent: Node | undefined; grandparent: Node | undefined }[] = [];
  const parents = new Map<Node, Node | undefined>();
  walk(programOf(file), (node, parent, field) => {
    parents.set(node, parent);
    for (const name of boundBy(node)) bound.add(name);
    if (node.type !== "Identifier" || isLabel(parent, field)) return;
    const grandparent = parent === undefined ? undefined : parents.get(parent);
    candidates.push({ node, parent, grandparent });
  });
  return candidates.flatMap(({ node, parent, grandparent }) => {
    const name = nameOf(node);
    if (name === undefined || bound.has(name)) return [];
    return [{ names: namesOf(name, parent, grandparent), start: node.start }];
  });
});

function isLabel(parent: Node | undefined, field: string): boolean {
  if (parent === undefined || parent["computed"] === true) return false;
  return labelFields.has(`${parent.type}.${field}`);
}

function namesOf(
  name: string,
  parent: Node | undefined,
  grandparent: Node | undefined,
): readonly string[] {
  if (parent?.type === "MemberExpression" && nameOf(parent["object"]) === name) {
    const member = memberName(parent);
    if (member === undefined) return [name];
    // `globalThis.process` is `process` by another name.
    if (name === "globalThis" && grandparent !== undefined) {
      return [...namesOf(member, { ...grandparent, object: { name: member } }, undefined), name];
    }
    return [`${name}.${member}`, name];
  }
  const hasArguments = Array.isArray(parent?.["arguments"]) && parent["arguments"].length > 0;
  if (hasArguments || nameOf(parent?.["callee"]) !== name) return [name];
  return [parent?.type === "NewExpression" ? `new ${name}()` : `${name}()`, name];
}

function memberName(member: Node): string | undefined {
  const property = member["property"];
  if (member["computed"] !== true) return nameOf(property);
  return isNode(property) && typeof property["value"] === "string" ? property["value"] : undefined;
}

function boundBy(node: Node): readonly string[] {
  if (node.type === "VariableDeclarator") return patternNames(node["id"]);
  if (node.type === "CatchClause") return patternNames(node["param"]);
  if (/^Import(?:Default|Namespace)?Specifier$/.test(node.type)) return patternNames(node["local"]);
  const own = /^(?:Function|Class)/.test(node.type) ? patternNames(node["id"]) : [];
  const params = Array.isArray(node["params"]) ? node["params"].flatMap(patternNames) : [];
  return [...own, ...params];
}

function patternNames(pattern: unknown): readonly string[] {
  if (!isNode(pattern)) return [];
  const inner = [pattern["left"], pattern["argument"], pattern["parameter"], pattern["value"]];
  const members = [pattern["properties"], pattern["elements"]].flatMap((list) =>
    Array.isArray(list) ? (list as readonly unknown[]) : [],
  );
  if (pattern.type === "Identifier") return [nameOf(pattern) ?? ""];
  return [...inner, ...members].flatMap(patternNames);
}
