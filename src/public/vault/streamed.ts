/**
 * What is given piece by piece inside of some work, as what a loop takes: the work waits at each
 * piece until it is taken, and ends when nobody takes any more.
 */

/** Resolves when it was taken; false: it is the last one that anybody wants. */
export type Give<T> = (piece: T) => Promise<boolean>;

interface Step<T> {
  readonly piece: T;
  readonly taken: (isMore: boolean) => void;
}

export async function* streamed<T>(
  work: (give: Give<T>) => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  let next = Promise.withResolvers<Step<T> | undefined>();
  const ended = work(async (piece) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    next.resolve({ piece, taken: resolve });
    return await promise;
  }).then(
    () => next.resolve(undefined),
    (error: unknown) => next.reject(error),
  );
  let step: Step<T> | undefined;
  try {
    while ((step = await next.promise) !== undefined) {
      next = Promise.withResolvers();
      yield step.piece;
      step.taken(true);
    }
  } finally {
    // Who has left hears of no failure any more.
    next.promise.catch(() => undefined);
    step?.taken(false);
    await ended;
  }
}
