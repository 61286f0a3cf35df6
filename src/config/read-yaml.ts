/**
 * Text to tree. Reads YAML 1.2 (and with it JSON), one document, in which
 * Y1. every value knows its line and column;
 * Y2. duplicate keys, tabs as indentation and several documents are problems, not surprises;
 * Y3. aliases cannot grow the tree without bound ("billion laughs"), nor can nesting or size.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { failed, type Result, success } from "../kernel/index.ts";
import type { ConfigProblem } from "./problem.ts";
import { emptyMap, type MapTree, type Origin, type SourceText, type Tree } from "./tree.ts";

const charactersMax = 16 * 1024 * 1024;
const depthMax = 40;
/** Nodes that may be reached through aliases; those that are written out do not count. */
const aliasedMax = 50_000;

export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

export function readYaml(file: ConfigText): Result<MapTree, readonly ConfigProblem[]> {
  if (file.text.length > charactersMax) {
    const message = `it has ${file.text.length} characters, at most ${charactersMax} are read`;
    const fix = "split it, or use `defaults:` so that entries get shorter";
    return failed([{ file: file.path, line: 1, column: 1, key: "", message, fix }]);
  }
  const lines = new LineCounter();
  // Its own search for duplicate keys is quadratic; the reader below has a map anyway.
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false };
  const document = parseDocument(file.text, options);
  const source: SourceText = {
    path: file.path,
    placeOf(offset) {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
  const problems = document.errors.map((error) =>
    problemAt(source, error.pos[0], sentence(error.code, error.message)),
  );
  if (problems.length > 0) return failed(problems);
  const reader = new Reader(source);
  const tree = document.contents === null ? undefined : reader.read(document.contents, undefined);
  if (reader.problems.length > 0) return failed(reader.problems);
  const isEmpty = tree === undefined || (tree.kind === "scalar" && tree.value === null);
  if (isEmpty) return success(emptyMap({ kind: "file", source, offset: 0 }));
  if (tree.kind === "map") return success(tree);
  return failed([
    problemAt(source, 0, {
      message: `expected keys with values, found ${tree.kind === "list" ? "a list" : "a text"}`,
      fix: "begin with `fleet: NAME` and `services:`",
    }),
  ]);
}

interface Says {
  readonly message: string;
  readonly fix: string;
  readonly key?: string;
}

function problemAt(source: SourceText, offset: number, says: Says): ConfigProblem {
  return { file: source.path, ...source.placeOf(offset), key: "", ...says };
}

const tooDeep: Says = {
  message: `it is nested more than ${depthMax} levels deep`,
  fix: "write it out flat",
};

const fixes: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces, YAML does not take tabs",
  BAD_INDENT: "align it with the lines of the same level",
  MULTIPLE_DOCS: "keep one document: remove the line `---`",
  MISSING_CHAR: "close the quote or bracket that was opened",
  BAD_ALIAS: "declare the anchor (`&name`) before the alias (`*name`)",
  BLOCK_AS_IMPLICIT_KEY: "check the indentation, or put the value into quotes",
  MULTILINE_IMPLICIT_KEY: "check the indentation; a key ends with a colon on its own line",
};

function sentence(code: string, message: string): Says {
  if (code === "RESOURCE_EXHAUSTION") return tooDeep;
  if (code === "MULTIPLE_DOCS")
    return { message: "it holds several documents", fix: fixes[code] ?? "" };
  const fix = fixes[code] ?? "correct the YAML at this place";
  return { message: (message.split("\n")[0] ?? message).replace(/:$/, ""), fix };
}

class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #source: SourceText;
  /** The last one wins, as in the order of reading. */
  readonly #anchors = new Map<string, Node>();
  #aliased = 0;
  #aliasDepth = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  read(node: Node | null, keyOffset: number | undefined, depth = 0): Tree {
    const offset = node?.range?.[0] ?? keyOffset ?? 0;
    const origin: Origin = {
      kind: "file",
      source: this.#source,
      offset,
      ...(keyOffset === undefined ? {} : { keyOffset }),
    };
    const nothing: Tree = { kind: "scalar", value: null, origin };
    if (node === null || this.#isTooMuch(offset, depth)) return nothing;
    if (isAlias(node)) {
      return this.#follow(this.#anchors.get(node.source), keyOffset, depth) ?? nothing;
    }
    const anchor = "anchor" in node ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    if (isMap(node)) return { kind: "map", members: this.#members(node, depth), origin };
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item as Node, undefined, depth + 1));
      return { kind: "list", items, origin };
    }
    return { kind: "scalar", value: isScalar(node) ? scalarOf(node.value) : null, origin };
  }

  #follow(node: Node | undefined, keyOffset: number | undefined, depth: number): Tree | undefined {
    if (node === undefined) return undefined;
    this.#aliasDepth += 1;
    const tree = this.read(node, keyOffset, depth + 1);
    this.#aliasDepth -= 1;
    return tree;
  }

  #isTooMuch(offset: number, depth: number): boolean {
    if (this.#aliasDepth > 0) this.#aliased += 1;
    const isDeep = depth > depthMax;
    if (!isDeep && this.#aliased <= aliasedMax) return false;
    if (this.problems.length === 0) {
      const message = `its aliases stand for more than ${aliasedMax} values`;
      this.problems.push(
        problemAt(this.#source, offset, isDeep ? tooDeep : { ...tooDeep, message }),
      );
    }
    return true;
  }

  #members(map: YAMLMap, depth: number): Map<string, Tree> {
    const members = new Map<string, Tree>();
    const merged: Tree[] = [];
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const offset = pair.key.range?.[0] ?? 0;
      const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
      if (key === undefined || key === "__proto__") {
        const fix = "use a plain word as the key";
        const says = { message: "this cannot be a key", fix };
        this.problems.push(problemAt(this.#source, offset, says));
      } else if (members.has(key)) {
        const says = {
          key,
          message: `the key "${key}" is there twice`,
          fix: "keep one of the two",
        };
        this.problems.push(problemAt(this.#source, offset, says));
      } else if (key === "<<") {
        merged.push(this.read(pair.value, offset, depth + 1));
      } else {
        members.set(key, this.read(pair.value, offset, depth + 1));
      }
    }
    for (const tree of merged) mergeInto(members, tree);
    return members;
  }
}

/** `<<: *base`: what the map does not say itself. */
function mergeInto(members: Map<string, Tree>, tree: Tree): void {
  const maps = tree.kind === "list" ? tree.items : [tree];
  for (const map of maps) {
    if (map.kind !== "map") continue;
    for (const [key, member] of map.members) if (!members.has(key)) members.set(key, member);
  }
}

function scalarOf(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") return value;
  // Integers beyond 2^53; nothing else comes from the core schema.
  return typeof value === "bigint" ? value.toString() : null;
}
