/** Async iterators and generators: their own `next`, `return` and `throw` are watched. */
import { harmless } from "../../resilience/index.ts";
import type { OpenStream } from "./open-stream.ts";
import { type Pull, Pulling } from "./pulling.ts";
import { put } from "./put.ts";

type Iterator = AsyncIterator<unknown>;

export function isIterator(source: object): source is Iterator {
  return typeof (source as Partial<Iterator>).next === "function";
}

export function watchIterator(iterator: Iterator, open: OpenStream): (error: unknown) => void {
  const pulling = new Pulling(open);
  const next = iterator.next.bind(iterator) as Pull;
  const giveUp = iterator.return?.bind(iterator);
  const handIn = iterator.throw?.bind(iterator);
  if (!put(iterator, "next", pulling.watched(next))) {
    open.ended();
    return () => {};
  }
  if (giveUp !== undefined)
    put(iterator, "return", (...words: [unknown?]) => {
      open.ended();
      return giveUp(...words);
    });
  if (handIn !== undefined) {
    // A generator may catch it, and go on.
    const isOwn = (error: unknown, [word]: readonly unknown[]): boolean => error === word;
    put(iterator, "throw", pulling.watched(handIn, isOwn));
  }
  return (error) => {
    pulling.cut(error);
    // It may be stuck in the very `next` that was given up: nobody waits for it.
    harmless(async () => giveUp?.());
  };
}
