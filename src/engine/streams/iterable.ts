/** Async iterators and generators: their own `next`, `return` and `throw` are watched. */
import type { OpenStream } from "./open-stream.ts";
import { watchPulls } from "./pulling.ts";
import { put } from "./put.ts";
import { quietly } from "./quietly.ts";

type Iterator = AsyncIterator<unknown>;

export function watchIterable(
  source: AsyncIterable<unknown> & Partial<Iterator>,
  open: OpenStream,
): (error: unknown) => void {
  if (typeof source.next === "function") return watchIterator(source as Iterator, open);
  // Each loop over it asks for an iterator; the first one is the call's.
  let cut: ((error: unknown) => void) | undefined;
  const original = source[Symbol.asyncIterator];
  put(source, Symbol.asyncIterator, (): Iterator => {
    const iterator = original.call(source);
    cut ??= watchIterator(iterator, open);
    return iterator;
  });
  return (error) => cut?.(error);
}

function watchIterator(iterator: Iterator, open: OpenStream): (error: unknown) => void {
  const next = iterator.next.bind(iterator) as (word?: unknown) => ReturnType<Iterator["next"]>;
  const { pull, cut } = watchPulls(next, open);
  put(iterator, "next", pull);
  const giveUp = iterator.return?.bind(iterator);
  for (const name of ["return", "throw"] as const) {
    const method = iterator[name]?.bind(iterator);
    if (method === undefined) continue;
    put(iterator, name, (value?: unknown) => {
      open.ended();
      return method(value);
    });
  }
  return (error) => {
    cut(error);
    // It may be stuck in the very `next` that was given up: nobody waits for it.
    void quietly(giveUp?.());
  };
}
