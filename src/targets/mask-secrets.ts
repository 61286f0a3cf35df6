/** Shorter words are masked only as a whole value: they occur in every text. */
const wordLength = 8;

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
    .reduce((masked, word) => masked.replaceAll(word, "***"), text);
}
