/**
 * What a rule of the house sees: a tree of files as text, parsed on demand.
 *
 * Rules take the tree as data and never touch the disk, so that a violation can be planted in a
 * tree that exists only in memory. Names are judged on the syntax tree, not by pattern matching: a
 * comment, a string or a property that is called like a forbidden global is no violation.
 */
import { type ParseResult, parseSync } from "oxc-parser";

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly line?: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  check(tree: readonly SourceFile[]): readonly Violation[];
}

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Worked out once for each file: many rules ask the same. */
export function onceForEach<T extends object>(
  workOut: (file: SourceFile) => T,
): (file: SourceFile) => T {
  const known = new WeakMap<SourceFile, T>();
  return (file) => {
    const found = known.get(file) ?? workOut(file);
    known.set(file, found);
    return found;
  };
}

export const parse: (file: SourceFile) => ParseResult = onceForEach((file) =>
  parseSync(file.path, file.text),
);

export function isCode(file: SourceFile): boolean {
  return /\.(?:ts|tsx|js|mjs|cjs|jsx)$/.test(file.path);
}

export function isTest(file: SourceFile): boolean {
  return /\.test\.tsx?$/.test(file.path);
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Calls `visit` for every node, parents first. `field` says where in its parent a node stands. */
export function walk(
  root: Node,
  visit: (node: Node, parent: Node | undefined, field: string) => void,
): void {
  const pending: { node: Node; parent: Node | undefined; field: string }[] = [
    { node: root, parent: undefined, field: "" },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    visit(next.node, next.parent, next.field);
    for (const [field, value] of Object.entries(next.node)) {
      if (field === "parent") continue;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) pending.push({ node: child, parent: next.node, field });
      }
    }
  }
}

export function programOf(file: SourceFile): Node {
  const program: unknown = parse(file).program;
  if (!isNode(program)) throw new Error(`${file.path} cannot be parsed`);
  return program;
}

const nodesByType = onceForEach((file) => {
  const found = new Map<string, Node[]>();
  walk(programOf(file), (node) => {
    const others = found.get(node.type);
    if (others === undefined) found.set(node.type, [node]);
    else others.push(node);
  });
  return found;
});

export function nodesOf(file: SourceFile, ...kinds: readonly string[]): readonly Node[] {
  const found = nodesByType(file);
  return kinds.flatMap((kind) => found.get(kind) ?? []);
}

export function lineAt(file: SourceFile, offset: number): number {
  let line = 1;
  for (let at = file.text.indexOf("\n"); at !== -1 && at < offset; line += 1) {
    at = file.text.indexOf("\n", at + 1);
  }
  return line;
}

export function nameOf(value: unknown): string | undefined {
  return isNode(value) && typeof value["name"] === "string" ? value["name"] : undefined;
}

/** What `wanted` holds and `present` lacks. */
export function missingFrom(
  present: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): readonly string[] {
  return [...wanted].filter((each) => !present.has(each));
}
