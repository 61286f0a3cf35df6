/**
 * Who asked: the ids of a request, carried to what is called on its behalf. Only where a middleware
 * was told to carry them: an `AsyncLocalStorage` makes every request dearer.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestIds } from "../events.ts";

let storage: AsyncLocalStorage<RequestIds> | undefined;

/** Undefined outside of a request whose middleware carries them. */
export function currentRequestIds(): RequestIds | undefined {
  return storage?.getStore();
}

export function runWithRequestIds<T>(ids: RequestIds, run: () => T): T {
  storage ??= new AsyncLocalStorage<RequestIds>();
  return storage.run(ids, run);
}

const lengthMax = 200;

/** What the user's function says, if it says anything that can be kept. */
export function readIds<A>(read: ((from: A) => RequestIds) | undefined, from: A): RequestIds {
  if (read === undefined) return noIds;
  try {
    const { requestId, userId } = read(from);
    return {
      ...(typeof requestId === "string" ? { requestId: requestId.slice(0, lengthMax) } : {}),
      ...(typeof userId === "string" ? { userId: userId.slice(0, lengthMax) } : {}),
    };
  } catch {
    // The user's own function: a request is served without ids rather than not at all.
    return noIds;
  }
}

const noIds: RequestIds = Object.freeze({});
