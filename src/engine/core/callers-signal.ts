/** The signal by which the caller of a wrapped method would give up, if he has handed one in. */
export function callersSignal(words: ArrayLike<unknown>): AbortSignal | undefined {
  for (let place = words.length - 1; place >= 0; place -= 1) {
    const word = words[place];
    if (word instanceof AbortSignal) return word;
    if (typeof word !== "object" || word === null) continue;
    const signal = Object.getOwnPropertyDescriptor(word, "signal")?.value as unknown;
    if (signal instanceof AbortSignal) return signal;
  }
  return undefined;
}
