/** Async iterators and generators: their own `next`, `return` and `throw` are watched. */
import type { OpenStream } from "./open-stream.ts";
import { watchPulls } from "./pulling.ts";
import { put } from "./put.ts";
import { quietly } from "./quietly.ts";

type Iterator = AsyncIterator<unknown>;

export function isIterator(source: object): source is Iterator {
  return typeof (source as Partial<Iterator>).next === "function";
}

export function watchIterator(iterator: Iterator, open: OpenStream): (error: unknown) => void {
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
