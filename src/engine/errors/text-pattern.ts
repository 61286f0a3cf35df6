/**
 * The text of an error without what differs from one time to the next, so that the same error is
 * known again: numbers, ids, quoted texts, addresses, paths and times become the name of their
 * kind.
 *
 * T1. What looks like a secret is taken out first (`redact`), and a text is cut at `textMax`.
 * T2. The work is linear in the text, whatever it holds.
 */
import { redact } from "../redact.ts";

export const textMax = 300;

const rules: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/"[^"]*"|`[^`]*`|(?<![\w])'[^']*'(?!\w)/g, "<text>"],
  [/\b(?:https?|wss?|postgres(?:ql)?|mysql|rediss?|mongodb|amqp):\/\/[^\s,;)]+/gi, "<url>"],
  [/(?<![\w.])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}/g, "<mail>"],
  [/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\d)/g, "<address>"],
  [
    /\[[0-9a-f:.]{2,45}\](?::\d{1,5})?|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi,
    "<address>",
  ],
  [/\b[a-z][\w-]{0,62}(?:\.[\w-]{1,62}){0,8}:\d{2,5}\b/gi, "<address>"],
  [/(?<![\w<>])(?:\.{0,2}|[a-z]:)[\\/](?:[\w.@~+-]+[\\/])*[\w.@~+-]+[\\/]?/gi, "<path>"],
  [/\b0x[0-9a-f]+\b/gi, "<id>"],
];

export function textPattern(text: string): string {
  // T1.
  let pattern = redact(text).slice(0, textMax);
  for (const [what, instead] of rules) pattern = pattern.replace(what, instead);
  pattern = pattern.replaceAll(/\w{8,}/g, (word) => (isId(word) ? "<id>" : word));
  return pattern
    .replaceAll(/\d+(?:\.\d+)?/g, "<n>")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Letters and digits by turns, or all digits that a hexadecimal number has. */
function isId(word: string): boolean {
  if (!/\d/.test(word)) return false;
  if (/^[0-9a-f]+$/i.test(word) && /[a-f]/i.test(word)) return true;
  let turns = 0;
  for (let index = 1; index < word.length; index += 1) {
    if (isDigit(word, index) !== isDigit(word, index - 1)) turns += 1;
  }
  return turns >= 2;
}

function isDigit(word: string, index: number): boolean {
  const code = word.codePointAt(index) ?? 0;
  return code >= 48 && code <= 57;
}
