/** The signal by which the caller of a wrapped method would give up, if he has handed one in. */
export function callersSignal(words: ArrayLike<unknown>): AbortSignal | undefined {
  for (let place = words.length - 1; place >= 0; place -= 1) {
    const word = words[place];
    const signal = typeof word === "object" && word !== null ? signalOf(word) : undefined;
    if (signal !== undefined) return signal;
  }
  return undefined;
}

/** The word itself, or its own field: a getter would be code of somebody else. */
export function signalOf(word: object): AbortSignal | undefined {
  try {
    if (isSignal(word)) return word;
    if (!Object.hasOwn(word, "signal")) return undefined;
    const signal: unknown = Object.getOwnPropertyDescriptor(word, "signal")?.value;
    return isSignal(signal) ? signal : undefined;
  } catch {
    // A proxy that throws when it is looked at.
    return undefined;
  }
}

/** What only has the prototype throws when it is asked: it is none. */
function isSignal(value: unknown): value is AbortSignal {
  return value instanceof AbortSignal && typeof value.aborted === "boolean";
}
