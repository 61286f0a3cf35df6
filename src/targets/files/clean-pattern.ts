/**
 * The globs that name files below a root: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}` and `**` for any
 * number of folders. They are matched against paths while a tree is walked, never expanded, so
 * that the walk alone decides what is entered.
 *
 * Something is deleted by what they match, so a doubtful pattern is refused, not guessed at:
 * 1. Nothing leads out of the root: no leading `/`, no `..`.
 * 2. As in a shell, only a dot that is written matches a leading dot.
 * 3. No pattern can take long: its length, alternatives and stars are limited.
 */
import { failed, type Result, success } from "../../kernel/index.ts";

export interface CleanPattern {
  /** `path` is relative to the root, with `/` between its parts. */
  matches(path: string): boolean;
  /** How many parts a matching path has at most: nothing below needs a look. */
  readonly partsMax: number;
}

const lengthMax = 1000;
const alternativesMax = 100;
const starsMax = 10;

export function cleanPattern(pattern: string): Result<CleanPattern> {
  const odd = oddity(pattern);
  if (odd !== undefined) return failed(`the pattern "${pattern.slice(0, 80)}" ${odd}`);
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined) {
    return failed(`the pattern "${pattern}" has unbalanced or too many braces`);
  }
  const expressions: RegExp[] = [];
  let partsMax = 0;
  for (const alternative of alternatives) {
    const parts = alternative
      .split("/")
      .filter((part, index, all) => !repeats(part, all[index - 1]));
    const source = expressionOf(parts);
    if (source === undefined)
      return failed(`the pattern "${pattern}" has an unclosed or empty part`);
    try {
      expressions.push(new RegExp(source, "su"));
    } catch {
      // The one thing left that can be wrong in it.
      return failed(`the pattern "${pattern}" has a range that ends before it begins`);
    }
    partsMax = Math.max(partsMax, parts.includes("**") ? Number.POSITIVE_INFINITY : parts.length);
  }
  return success({ partsMax, matches: (path) => expressions.some((each) => each.test(path)) });
}

function oddity(pattern: string): string | undefined {
  if (pattern === "") return "is empty";
  if (pattern.length > lengthMax) return `is longer than ${lengthMax} characters`;
  if (pattern.startsWith("/")) return "begins with /: it is to be relative to the root";
  if (/[\\\0]/.test(pattern)) return "holds a backslash or zero byte; write [*] for a real star";
  if ((pattern.match(/\*+/g) ?? []).length > starsMax) return `has more than ${starsMax} stars`;
  if (/(?:^|[/{,])\.{1,2}(?:$|[/},])/.test(pattern)) return "holds a part `.` or `..`";
  return undefined;
}

/** Two `**` in a row mean what one means, and cost much more. */
function repeats(part: string, before: string | undefined): boolean {
  return part === "**" && before === "**";
}

/** `a{b,c}d` is `abd` and `acd`; undefined when the braces do not pair or there are too many. */
function expandBraces(pattern: string): readonly string[] | undefined {
  const done: string[] = [];
  const waiting = [pattern];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const open = next.lastIndexOf("{");
    if (open < 0) {
      if (next.includes("}")) return undefined;
      done.push(next);
    } else {
      // The last opening brace is an innermost one: it holds no other.
      const close = next.indexOf("}", open);
      if (close < 0) return undefined;
      const [head, tail] = [next.slice(0, open), next.slice(close + 1)];
      for (const choice of next.slice(open + 1, close).split(","))
        waiting.push(head + choice + tail);
    }
    if (done.length + waiting.length > alternativesMax) return undefined;
  }
  return done;
}

const notHidden = "(?!\\.)";

function expressionOf(parts: readonly string[]): string | undefined {
  let source = "^";
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === "**") {
      source += `(?:${notHidden}[^/]+/)*`;
      if (isLast) source += `${notHidden}[^/]+`;
      continue;
    }
    const inner = partSource(part);
    if (inner === undefined) return undefined;
    source += inner + (isLast ? "" : "/");
  }
  return `${source}$`;
}

function partSource(part: string): string | undefined {
  if (part === "" || part === "." || part === "..") return undefined;
  // `*` alone must match something: an empty name is no name.
  let source = `(?=[^/])${part.startsWith(".") ? "" : notHidden}`;
  for (let at = 0; at < part.length; at += 1) {
    const character = part[at] ?? "";
    if (character === "*") {
      if (part[at - 1] !== "*") source += "[^/]*";
    } else if (character === "?") {
      source += "[^/]";
    } else if (character === "[") {
      const close = part.indexOf("]", at + (/^\[[!^]/.test(part.slice(at)) ? 3 : 2));
      if (close < 0) return undefined;
      source += classSource(part.slice(at + 1, close));
      at = close;
    } else {
      source += character.replace(/[.+^$()|\]{}/]/, "\\$&");
    }
  }
  return source;
}

function classSource(inside: string): string {
  const isNegated = /^[!^]/.test(inside);
  const members = inside.slice(isNegated ? 1 : 0).replace(/[\\\][^&|]/g, "\\$&");
  return isNegated ? `[^/${members}]` : `(?!/)[${members}]`;
}
