/**
 * Who asked: the ids of a request, carried to what is called on its behalf. Only where a middleware
 * was told to carry them: an `AsyncLocalStorage` makes every request dearer.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestIds } from "./events.ts";

let storage: AsyncLocalStorage<RequestIds> | undefined;

/** Undefined outside of a request whose middleware carries them. */
export function currentRequestIds(): RequestIds | undefined {
  return storage?.getStore();
}

export function runWithRequestIds<T>(ids: RequestIds, run: () => T): T {
  storage ??= new AsyncLocalStorage<RequestIds>();
  return storage.run(ids, run);
}
