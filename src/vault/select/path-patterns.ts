/**
 * The globs by which people say what is excluded, what belongs to a category, what is restored.
 * They are matched against the bytes of paths that are relative to a source.
 *
 * 1. A pattern holds for what it matches and for all that is below it: `**` + `/node_modules` means
 *    every file in such a folder. So a walk that does not enter what is excluded, and one question
 *    about a path far below, agree.
 * 2. A pattern without `/` is a name at any depth, as for git and restic.
 * 3. A star stands for hidden names as well: what protects files may not miss them.
 * 4. `?` and `[...]` stand for a character of UTF-8, or a byte where a name is none.
 */
import { Buffer } from "node:buffer";
import {
  compileGlob,
  failed,
  type Glob,
  type GlobDialect,
  type Result,
  success,
} from "../../kernel/index.ts";
import { type RawPath, rawPathOfText } from "../raw-path.ts";

export interface PathPatterns {
  /** `path` is relative to its source; the source itself is "" and never matches. */
  matches(path: RawPath): boolean;
}

const asBytes: GlobDialect = {
  isMeant: () => true,
  spell: rawPathOfText,
  charactersOf: charactersOfRaw,
};

const patternsMax = 1000;
const knownMax = 4096;

/** By what they are asked, which is what makes them fast: most patterns look at one name only. */
interface Compiled {
  /** Of the path itself. */
  readonly ofPaths: Glob[];
  /** Of its last name. */
  readonly ofNames: Glob[];
  /** Of the folder that it lies in, and of that one's name: patterns that end with a `**` part. */
  readonly ofParents: Glob[];
  readonly ofParentNames: Glob[];
}

/** In a failure: which pattern is wrong, and how. */
export function compilePatterns(patterns: readonly string[]): Result<PathPatterns> {
  if (patterns.length > patternsMax) return failed(`there are more than ${patternsMax} patterns`);
  const compiled: Compiled = { ofPaths: [], ofNames: [], ofParents: [], ofParentNames: [] };
  for (const pattern of patterns) {
    const whole = pattern.replace(/(?<=[^/])\/+$/, "");
    const [head = whole] = /^.*[^*/](?=(?:\/\*\*)+$)/s.exec(whole) ?? [];
    const [name = head] = /(?<=^(?:\*\*\/)+)[^/]+$/s.exec(head) ?? [];
    const isOfName = !name.includes("/") && name !== "**" && (name !== head || head === whole);
    const glob = compileGlob(isOfName ? name : head, asBytes);
    if (!glob.ok) return glob;
    const isOfParent = head !== whole;
    if (isOfName) compiled[isOfParent ? "ofParentNames" : "ofNames"].push(glob.value);
    else compiled[isOfParent ? "ofParents" : "ofPaths"].push(glob.value);
  }
  return success(withMemory(compiled));
}

/** Rule 1 asks about all folders above, so what was found about folders is kept for a while. */
function withMemory(compiled: Compiled): PathPatterns {
  const known = new Map<string, boolean>();
  const isCovered = (folder: RawPath): boolean => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const covers = matches(folder) || anyOf(compiled.ofParents, compiled.ofParentNames, folder);
    if (known.size >= knownMax) known.clear();
    known.set(folder, covers);
    return covers;
  };
  const matches = (path: RawPath): boolean => {
    if (path === "") return false;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/"))) as RawPath;
    return isCovered(folder) || anyOf(compiled.ofPaths, compiled.ofNames, path);
  };
  return { matches };
}

/** As `Array.from` has it, but of latin1 that is UTF-8 in most cases. */
function charactersOfRaw(name: string): readonly string[] {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  if (/^[\x00-\x7f]*$/.test(name)) return Array.from(name);
  const parts = name.match(
    /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\s\S]/g,
  );
  return (parts ?? []).map((part) =>
    part.length === 1 ? oneByte(part) : Buffer.from(part, "latin1").toString("utf8"),
  );
}

/** A stray byte is like no character that a pattern can name. */
function oneByte(byte: string): string {
  const code = byte.charCodeAt(0);
  return code < 0x80 ? byte : String.fromCharCode(0xdc00 + code);
}

function anyOf(ofPaths: readonly Glob[], ofNames: readonly Glob[], path: RawPath): boolean {
  const name = [path.slice(path.lastIndexOf("/") + 1)];
  if (ofNames.some((glob) => glob.matches(name))) return true;
  if (ofPaths.length === 0) return false;
  const names = path.split("/");
  return ofPaths.some((glob) => glob.matches(names));
}
