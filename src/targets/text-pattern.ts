/**
 * What people write as a pattern: plain text that must occur, or `/regular expression/flags`.
 *
 * T1. An expression may be written so that it takes years on some text; on the main thread that
 *     would blind every other sensor. So expressions run under a time limit, after which
 *     `SlowPatternError` is thrown.
 * T2. The flags `g` and `y` are dropped: they make one look depend on the one before.
 */
import { type Context, createContext, Script } from "node:vm";

export interface TextPattern {
  readonly source: string;
  matches(text: string): boolean;
  /** The indices of the texts that match; one time limit for all of them. */
  matching(texts: readonly string[]): readonly number[];
}

const timeLimitMs = 100;

export class SlowPatternError extends Error {
  constructor(source: string) {
    super(`the pattern ${source} takes more than ${timeLimitMs} ms: simplify it`);
    this.name = "SlowPatternError";
  }
}

/** Throws a SyntaxError when the expression is none. */
export function textPattern(source: string): TextPattern {
  const body = /^\/(.+)\/([a-z]*)$/s.exec(source);
  if (!body) {
    return {
      source,
      matches: (text) => text.includes(source),
      matching: (texts) => texts.flatMap((text, index) => (text.includes(source) ? [index] : [])),
    };
  }
  const expression = new RegExp(body[1] ?? "", (body[2] ?? "").replace(/[gy]/g, ""));
  const matching = (texts: readonly string[]): readonly number[] => run(expression, texts);
  return { source, matching, matches: (text) => matching([text]).length > 0 };
}

interface Task {
  expression: RegExp | undefined;
  texts: readonly string[];
  found: number[];
}

const task: Task = { expression: undefined, texts: [], found: [] };
const script = new Script(`
  for (let at = 0; at < task.texts.length; at += 1) {
    if (task.expression.test(task.texts[at])) task.found.push(at);
  }`);
let context: Context | undefined;

function run(expression: RegExp, texts: readonly string[]): readonly number[] {
  if (texts.length === 0) return [];
  context ??= createContext({ task });
  Object.assign(task, { expression, texts, found: [] } satisfies Task);
  try {
    script.runInContext(context, { timeout: timeLimitMs });
    return task.found;
  } catch {
    // The one thing that can go wrong in those three lines.
    throw new SlowPatternError(`/${expression.source}/`);
  } finally {
    Object.assign(task, { expression: undefined, texts: [] });
  }
}
