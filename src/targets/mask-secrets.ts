/**
 * Texts for people without secrets.
 *
 * S1. What is masked of a secret: all of it, each of its lines, its long words, and the password in
 *     an address, as it is written there and as it is meant. Scheme, host and user of an address
 *     with a password are no secrets: they are what a reason is about.
 * S2. Where a text was cut off (`...`), half a secret is masked as well.
 */
import { decoded } from "./decoded.ts";

/** Shorter words are masked only as a whole value: they occur in every text. */
const wordLength = 8;
/** So much of a secret may be seen beside the place at which a text was cut off. */
const halfLength = 4;
const lengthMin = 3;
const cut = "...";

/** `scheme://user:password@host`, also several of them in one text. */
const login = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/?#@]*:([^\s/?#]*)@[^\s:/?#,@]*(?::\d+)?/gi;

/**
 * `text` without any of `secrets`. Masking too much costs a word; masking too little puts a
 * password into the journal.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return maskWords(text, secretWords(secrets));
}

/** Keeps S1; the longest first, so that no rest of it is left. */
export function secretWords(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets.flatMap(wordsOf))]
    .filter((word) => word.length >= lengthMin)
    .sort((a, b) => b.length - a.length);
}

function wordsOf(secret: string): readonly string[] {
  const passwords = [...secret.matchAll(login)].map(([, password = ""]) => password);
  const parts = [
    ...secret.split(/\r?\n/).map((line) => line.trim()),
    ...secret.replace(login, " ").split(/[^\w.~+=-]+/),
  ];
  return [
    secret,
    ...passwords.flatMap((password) => [password, decoded(password)]),
    ...parts.filter((part) => part.length >= wordLength),
  ];
}

export function maskWords(text: string, words: readonly string[]): string {
  return words.reduce((masked, word) => withoutHalf(masked.replaceAll(word, "***"), word), text);
}

/**
 * Keeps S2: what was cut off (`hunt...`, or `...ter2` at its beginning) is no whole word. Only what
 * stands beside each cut is looked up: the text is long, and so may be the word.
 */
function withoutHalf(text: string, word: string): string {
  if (!text.includes(cut)) return text;
  const least = Math.min(halfLength, Math.ceil(word.length / 2));
  let masked = "";
  let done = 0;
  for (const at of cutsIn(text)) {
    if (at < done) continue;
    const before = beginningAt(text, at, { word, least });
    if (before > 0) {
      masked += `${text.slice(done, at - before)}***`;
      done = at;
    }
    const end = at + cut.length;
    const after = endingAt(text, end, { word, least });
    if (after > 0) {
      masked += `${text.slice(done, end)}***`;
      done = end + after;
    }
  }
  return masked + text.slice(done);
}

/** In a longer row of dots every place may be one; amid a long one there is nothing beside it. */
function* cutsIn(text: string): Generator<number> {
  for (const { index, 0: dots } of text.matchAll(/\.{3,}/g)) {
    const last = index + dots.length - cut.length;
    for (let at = index; at <= last; at += 1) {
      if (at === index + halfLength + 1) at = Math.max(at, last - halfLength);
      yield at;
    }
  }
}

interface Half {
  readonly word: string;
  readonly least: number;
}

/** How much of the beginning of the word ends at `to`: the most that does, 0 for too little. */
function beginningAt(text: string, to: number, { word, least }: Half): number {
  if (to < least) return 0;
  const last = text.slice(to - least, to);
  const longest = Math.min(word.length - 1, to);
  for (let at = word.lastIndexOf(last, longest - least); at >= 0; ) {
    const length = at + least;
    if (text.startsWith(word.slice(0, length), to - length)) return length;
    at = at === 0 ? -1 : word.lastIndexOf(last, at - 1);
  }
  return 0;
}

/** How much of the end of the word begins at `from`, likewise. */
function endingAt(text: string, from: number, { word, least }: Half): number {
  if (text.length - from < least) return 0;
  const first = text.slice(from, from + least);
  for (let at = word.indexOf(first, 1); at >= 0; at = word.indexOf(first, at + 1)) {
    if (text.startsWith(word.slice(at), from)) return word.length - at;
  }
  return 0;
}
