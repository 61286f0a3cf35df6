/**
 * The globs that name files below a root: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}` and `**` for any
 * number of folders. They are matched against paths while a tree is walked, never expanded, so
 * that the walk alone decides what is entered. A `GlobDialect` says what names are made of.
 *
 * No pattern can take long, whatever a file is called: its length, alternatives and stars are
 * limited, and it is matched without going back (not as a regular expression: `*-*-*-*-*.log`
 * would take that 44 s for one name of 250 dashes).
 */
import { failed, type Result, success } from "./result.ts";

export interface Glob {
  /** `names` are the parts of a path that is relative to the root. */
  matches(names: readonly string[]): boolean;
  /** How many parts a matching path has at most: nothing below needs a look. */
  readonly partsMax: number;
}

export interface GlobDialect {
  /** Whether a star, and what begins with one, stands for this name as well. */
  readonly isMeant: (name: string) => boolean;
  /** How a name is kept that consists of this text. */
  readonly spell: (text: string) => string;
  /** What `?` and `[...]` take one of. */
  readonly charactersOf: (name: string) => readonly string[];
}

const lengthMax = 1000;
const alternativesMax = 100;
const starsMax = 10;

/** In a failure: what is wrong with the pattern, which is quoted there. */
export function compileGlob(pattern: string, dialect: GlobDialect): Result<Glob> {
  const odd = oddity(pattern);
  if (odd !== undefined) return failed(`the pattern "${pattern.slice(0, 80)}" ${odd}`);
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined) {
    return failed(`the pattern "${pattern}" has unbalanced or too many braces`);
  }
  const forms: Token<string>[][] = [];
  let partsMax = 0;
  for (const alternative of alternatives) {
    const parts = alternative
      .split("/")
      .filter((part, index, all) => !repeats(part, all[index - 1]));
    const form = formOf(parts, dialect);
    if (typeof form === "string") return failed(`the pattern "${pattern}" has ${form}`);
    forms.push(form);
    partsMax = Math.max(partsMax, parts.includes("**") ? Number.POSITIVE_INFINITY : parts.length);
  }
  const isVisible = (name: string): boolean => name !== "" && dialect.isMeant(name);
  return success({
    partsMax,
    matches: (names) => forms.some((form) => fits(form, names, isVisible)),
  });
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

/** What one item has to be, or any number of them. */
type Token<Item> = "star" | ((item: Item) => boolean);

/**
 * A star takes as little as it can, and only the last one is ever given more. What
 * stands between two stars is of one length, so that the first place where it fits serves as well
 * as any later one.
 */
function fits<Item>(
  tokens: readonly Token<Item>[],
  items: readonly Item[],
  mayTake: (item: Item) => boolean,
): boolean {
  let token = 0;
  let at = 0;
  let last: { readonly token: number; at: number } | undefined;
  while (at < items.length) {
    const wanted = tokens[token];
    if (wanted === "star") {
      token += 1;
      last = { token, at };
    } else if (wanted?.(items[at] as Item) === true) {
      token += 1;
      at += 1;
    } else {
      if (last === undefined || !mayTake(items[last.at] as Item)) return false;
      last.at += 1;
      token = last.token;
      at = last.at;
    }
  }
  while (tokens[token] === "star") token += 1;
  return token === tokens.length;
}

/** Or what is wrong with it. */
function formOf(parts: readonly string[], dialect: GlobDialect): Token<string>[] | string {
  const form: Token<string>[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === "**") {
      form.push("star");
      // Folders alone are no file.
      if (index === parts.length - 1) form.push((name) => name !== "" && dialect.isMeant(name));
      continue;
    }
    const test = nameTest(part, dialect);
    if (typeof test === "string") return test;
    // A part that begins with a dot says so itself; all others take what a star would.
    form.push(part.startsWith(".") ? test : (name) => dialect.isMeant(name) && test(name));
  }
  return form;
}

/** What most patterns are made of, a name or `*.end`, is compared whole: that is much faster. */
function nameTest(part: string, dialect: GlobDialect): ((name: string) => boolean) | string {
  const tokens = partTokens(part);
  if (typeof tokens === "string") return tokens;
  const plain = part.replace(/^\*+/, "");
  if (plain !== "" && !/[*?[]/.test(plain)) {
    const text = dialect.spell(plain);
    return plain === part ? (name) => name === text : (name) => name.endsWith(text);
  }
  const beginning = dialect.spell(/^[^*?[]*/.exec(part)?.[0] ?? "");
  return (name) =>
    name !== "" &&
    name.startsWith(beginning) &&
    fits(tokens, dialect.charactersOf(name), () => true);
}

function partTokens(part: string): Token<string>[] | string {
  if (part === "" || part === "." || part === "..") return "an unclosed or empty part";
  const tokens: Token<string>[] = [];
  for (let at = 0; at < part.length; at += 1) {
    const character = String.fromCodePoint(part.codePointAt(at) ?? 0);
    if (character === "*") {
      if (part[at - 1] !== "*") tokens.push("star");
    } else if (character === "?") {
      tokens.push(() => true);
    } else if (character === "[") {
      const close = part.indexOf("]", at + (/^\[[!^]/.test(part.slice(at)) ? 3 : 2));
      if (close < 0) return "an unclosed or empty part";
      const oneOf = classOf(part.slice(at + 1, close));
      if (oneOf === undefined) return "a range that ends before it begins";
      tokens.push((one) => oneOf.test(one));
      at = close;
    } else {
      tokens.push((one) => one === character);
      at += character.length - 1;
    }
  }
  return tokens;
}

function classOf(inside: string): RegExp | undefined {
  const isNegated = /^[!^]/.test(inside);
  const members = inside.slice(isNegated ? 1 : 0).replace(/[\\\][^&|]/g, "\\$&");
  try {
    return new RegExp(`^[${isNegated ? "^" : ""}${members}]$`, "su");
  } catch {
    // The one thing that can be wrong in it.
    return undefined;
  }
}
