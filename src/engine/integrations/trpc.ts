/**
 * tRPC 11: every call of a procedure is one call of the operation `trpc.<path>`.
 *
 * T1. The middleware changes nothing: context, input and result go through, errors stay theirs.
 * T2. An answer that is a generator, as of a subscription, ends when its last item has been taken.
 * T3. A failure is told by tRPC's own error: its code says whose fault it is. What the caller has
 *     left is cancelled.
 */
import type { TRPCError, TRPCMiddlewareFunction } from "@trpc/server";
import type { RequestIds } from "../events.ts";
import type { OpenCall } from "../operation.ts";
import { leftError } from "./answer-error.ts";
import { type Metering, OperationMeters } from "./operation-meters.ts";
import { readIds, runWithRequestIds } from "./request-context.ts";
import { checkServerOptions, isIgnored, type ServerOptions } from "./server-options.ts";

/** What `ids` and `ignore` are asked about. */
export interface TrpcCall<Context> {
  readonly path: string;
  readonly type: "query" | "mutation" | "subscription";
  readonly ctx: Context;
}

/** Fits every procedure, whatever its context, meta and input are. */
type PassingMiddleware = TRPCMiddlewareFunction<object, object, object, object, unknown>;

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
): PassingMiddleware {
  const checked = checkServerOptions("trpcMiddleware", options);
  const { ids: idsOf, carryIds, operationsMax } = checked;
  const meters = new OperationMeters(engine, { operationsMax, other: "trpc other" });
  return async ({ path, type, ctx, next, signal }) => {
    const asked: TrpcCall<Context> = { path, type, ctx: ctx as Context };
    if (isIgnored(checked, asked)) return next();
    const ids = readIds<TrpcCall<Context>>(idsOf, asked);
    const call = meters.of(`trpc.${path}`).begin(ids);
    // Procedures answer with a result, also where they throw; a broken middleware may still throw.
    const result = await (carryIds ? runWithRequestIds(ids, () => next()) : next()).catch(
      (error: unknown) => {
        call.fail(error);
        throw error;
      },
    );
    if (!result.ok) {
      call.fail(failureOf(result.error, signal));
      return result;
    }
    if (!isGenerator(result.data)) {
      call.succeed(result.data);
      return result;
    }
    return { ...result, data: throughTheEnd(result.data, { call, signal, ids, carryIds }) };
  };
}

/** The error itself: the classification knows the codes of tRPC, and looks at what is inside. */
function failureOf(error: TRPCError, signal: AbortSignal | undefined): unknown {
  const isLeft = error.code === "CLIENT_CLOSED_REQUEST" || signal?.aborted === true;
  return isLeft ? leftError("the procedure") : error;
}

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
      call.fail(signal?.aborted === true ? leftError("the procedure") : error);
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
