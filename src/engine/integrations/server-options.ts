/** What the middlewares of HTTP servers have in common. */
import {
  callbackOption,
  checkOptions,
  flagOption,
  optionsOf,
  wholeOption,
} from "../../kernel/index.ts";
import type { RequestIds } from "../events.ts";

export interface ServerOptions<Request> {
  /** Reads who asks, for the events of failures. One that throws counts as nobody. */
  readonly ids?: (request: Request) => RequestIds;
  /**
   * True: what is called on behalf of a request carries its ids, too (`currentRequestIds`). It
   * costs an `AsyncLocalStorage` for every request; false by default.
   */
  readonly carryIds?: boolean;
  /** Requests that are not measured, such as those of the health endpoint. */
  readonly ignore?: (request: Request) => boolean;
  /** How many operations there may be; further ones are counted together as `... other`: 500. */
  readonly operationsMax?: number;
}

const operationsDefault = 500;

const shape = optionsOf({
  ids: callbackOption<(request: never) => RequestIds>(),
  ignore: callbackOption<(request: never) => boolean>(),
  carryIds: flagOption(),
  operationsMax: wholeOption({ min: 1, max: 100_000 }),
});

/** Throws `OPTIONS_INVALID` for what cannot be. */
export function checkServerOptions<Request>(
  subject: string,
  options: ServerOptions<Request>,
): ServerOptions<Request> & { readonly carryIds: boolean; readonly operationsMax: number } {
  const read = checkOptions(subject, options, shape) as ServerOptions<Request>;
  return {
    ...read,
    carryIds: read.carryIds ?? false,
    operationsMax: read.operationsMax ?? operationsDefault,
  };
}

export function isIgnored<Request>(options: ServerOptions<Request>, request: Request): boolean {
  try {
    return options.ignore?.(request) === true;
  } catch {
    // The user's own function: what it cannot tell is measured.
    return false;
  }
}
