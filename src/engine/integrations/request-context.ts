/** The ids of a request, as its framework knows them. */
import type { RequestIds } from "../events.ts";

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
