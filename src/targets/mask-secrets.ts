/** Shorter words are masked only as a whole value: they occur in every text. */
const wordLength = 8;
/** So much of a secret may be seen before the place at which an excerpt was cut off. */
const halfLength = 4;

/**
 * `text` without any of `secrets`, whole or a long word of them (`Bearer abc...` hides `abc...`).
 * Masking too much costs a word; masking too little puts a password into the journal.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const words = secrets.flatMap((secret) => [
    secret,
    ...secret.split(/[^\w.~+=-]+/).filter((word) => word.length >= wordLength),
  ]);
  return [...new Set(words)]
    .filter((word) => word.length > 2)
    .sort((a, b) => b.length - a.length)
    .reduce((masked, word) => withoutHalf(masked.replaceAll(word, "***"), word), text);
}

/** What an excerpt was cut off in (`hunt...`) is no whole word any more. */
function withoutHalf(text: string, word: string): string {
  if (!text.includes("...")) return text;
  for (let length = word.length - 1; length >= halfLength; length -= 1) {
    const half = `${word.slice(0, length)}...`;
    if (text.includes(half)) return text.replaceAll(half, "***...");
  }
  return text;
}
