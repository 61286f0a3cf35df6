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

/** Keeps S2: what was cut off (`hunt...`, or `...ter2` at its beginning) is no whole word. */
function withoutHalf(text: string, word: string): string {
  if (!text.includes("...")) return text;
  let masked = text;
  const least = Math.min(halfLength, Math.ceil(word.length / 2));
  for (let length = word.length - 1; length >= least; length -= 1) {
    masked = masked
      .replaceAll(`${word.slice(0, length)}...`, "***...")
      .replaceAll(`...${word.slice(-length)}`, "...***");
  }
  return masked;
}
