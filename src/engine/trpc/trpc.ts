/**
 * tRPC 11: every call of a procedure is one call of the operation `trpc.<path>`.
 *
 * T1. The middleware changes nothing: context, input and result go through, errors stay theirs.
 * T2. An answer that is a generator, as of a subscription, ends when its last item has been taken.
 * T3. A failure is told by tRPC's own error: its code says whose fault it is, whatever is inside.
 *     What the caller has left is cancelled.
 * T4. Its types are its own: who imports another door need not have tRPC to compile.
 */
import type { RequestIds } from "../events.ts";
import { leftError } from "../integrations/answer-error.ts";
import { type Metering, OperationMeters } from "../integrations/operation-meters.ts";
import { readIds } from "../integrations/request-context.ts";
import { serverFault } from "../integrations/server-fault.ts";
import {
  checkServerOptions,
  isIgnored,
  type ServerOptions,
} from "../integrations/server-options.ts";
import type { OpenCall } from "../operation.ts";
import { runWithRequestIds } from "../request-ids.ts";

/** What `ids` and `ignore` are asked about. */
export interface TrpcCall<Context> {
  readonly path: string;
  readonly type: "query" | "mutation" | "subscription";
  readonly ctx: Context;
}

/** What tRPC hands to a middleware, as far as it is looked at. */
export interface TrpcStep<Result> {
  readonly path: string;
  readonly type: "query" | "mutation" | "subscription";
  readonly ctx: unknown;
  readonly signal: AbortSignal | undefined;
  readonly next: () => Promise<Result>;
}

/** Fits every procedure, whatever its context, meta and input are. */
export type TrpcMiddleware = <Result>(step: TrpcStep<Result>) => Promise<Result>;

/** As tRPC makes them. */
type Outcome =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly error: { readonly code: string } };

/**
 * Measures every call of the procedures that use it: `t.procedure.use(trpcMiddleware(engine))`.
 *
 * The operation is `trpc.<path>` (`trpc.user.byId`). Errors are told as tRPC's own, with their
 * cause: those of the caller (`BAD_REQUEST`, ...) are no fault of the service. Subscriptions last
 * until their last item. Put it first, so that it covers the other middlewares.
 */
export function trpcMiddleware<Context = unknown>(
  engine: Metering,
  options: ServerOptions<TrpcCall<Context>> = {},
): TrpcMiddleware {
  const checked = checkServerOptions("trpcMiddleware", options);
  const { ids: idsOf, carryIds, operationsMax } = checked;
  const meters = new OperationMeters(engine, { operationsMax, other: "trpc other" });
  return async <Result>({ path, type, ctx, next, signal }: TrpcStep<Result>): Promise<Result> => {
    const asked: TrpcCall<Context> = { path, type, ctx: ctx as Context };
    if (isIgnored(checked, asked)) return next();
    const ids = readIds<TrpcCall<Context>>(idsOf, asked);
    const call = meters.of(`trpc.${path}`).begin(ids);
    // Procedures answer with a result, also where they throw; a broken middleware may still throw.
    const result = await (carryIds ? runWithRequestIds(ids, () => next()) : next()).catch(
      (error: unknown) => {
        call.fail(failureOf(error, signal));
        throw error;
      },
    );
    const outcome = result as Outcome;
    if (!outcome.ok) {
      call.fail(failureOf(outcome.error, signal));
      return result;
    }
    if (!isGenerator(outcome.data)) {
      call.succeed(outcome.data);
      return result;
    }
    return { ...result, data: throughTheEnd(outcome.data, { call, signal, ids, carryIds }) };
  };
}

/** The error itself: the classification knows the codes of tRPC, and looks at what is inside. */
function failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  // What a generator throws has not become tRPC's own yet.
  const said = name === "TRPCError" ? String(code) : "INTERNAL_SERVER_ERROR";
  if (said === "CLIENT_CLOSED_REQUEST" || signal?.aborted === true)
    return leftError("the procedure");
  return ownFaults.has(said) ? serverFault(error, "trpc_error") : error;
}

/** Those that are answered with 5xx. */
const ownFaults: ReadonlySet<string> = new Set([
  "INTERNAL_SERVER_ERROR",
  "NOT_IMPLEMENTED",
  "BAD_GATEWAY",
  "SERVICE_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
]);

type Generator = AsyncGenerator<unknown, unknown, unknown>;

function isGenerator(data: unknown): data is Generator {
  const parts = data as Partial<Generator> | null | undefined;
  return typeof parts?.next === "function" && typeof parts[Symbol.asyncIterator] === "function";
}

interface Streamed {
  readonly call: OpenCall;
  readonly signal: AbortSignal | undefined;
  readonly ids: RequestIds;
  readonly carryIds: boolean;
}

/** The same items from the same generator; only its end is seen. */
function throughTheEnd(data: Generator, { call, signal, ids, carryIds }: Streamed): Generator {
  const step = async (
    take: () => Promise<IteratorResult<unknown, unknown>>,
  ): Promise<IteratorResult<unknown, unknown>> => {
    try {
      const taken = await (carryIds ? runWithRequestIds(ids, take) : take());
      if (taken.done === true) call.succeed();
      return taken;
    } catch (error) {
      call.fail(failureOf(error, signal));
      throw error;
    }
  };
  const seen: Generator = {
    next: (value) => step(() => data.next(value)),
    // Its reader has had enough: a subscription that is left has done its work.
    return: async (value) => {
      const ended = await step(async () => (await data.return?.(value)) ?? { done: true, value });
      call.succeed();
      return ended;
    },
    throw: (error) => step(() => data.throw(error)),
    [Symbol.asyncIterator]: () => seen,
    [Symbol.asyncDispose]: async () => void (await seen.return(undefined)),
  };
  return seen;
}
