/**
 * tRPC over the table of procedures, at `/trpc`. `@trpc/server` is optional and is loaded with the
 * first call: who never asks pays neither disk nor memory for it.
 */
import type { TRPCError } from "@trpc/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { House } from "../house.ts";
import type { Call, Procedure } from "../procedures/procedure.ts";
import { procedures } from "../procedures/table.ts";
import type { Gate } from "../security/gate.ts";
import { visible } from "../visible.ts";
import { toOurs } from "./answer-error.ts";

type Answer = (request: FastifyRequest, reply: FastifyReply, path: string) => Promise<void>;

export interface TrpcOptions {
  readonly house: House;
  readonly gate: Gate;
  readonly complain: (what: string, error: unknown) => void;
}

const target = z.object({ "*": z.string() });

export function addTrpcRoutes(app: FastifyInstance, options: TrpcOptions): void {
  let loading: Promise<Answer> | undefined;
  void app.register(async (scope) => {
    // tRPC reads bodies by itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
      done(null, body),
    );
    scope.route({
      method: ["GET", "POST"],
      url: "/trpc/*",
      config: { access: "own" },
      handler: async (request, reply) => {
        loading ??= load(options);
        const answer = await loading.catch((error: unknown) => {
          loading = undefined;
          throw missingPackage(error);
        });
        await answer(request, reply, target.parse(request.params)["*"]);
      },
    });
  });
}

function missingPackage(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ERR_MODULE_NOT_FOUND") return error;
  return new SoulMirrorError("NOT_FOUND", "tRPC is not installed", {
    fix: "npm install @trpc/server, or use the same procedures under /api/v1",
  });
}

async function load({ house, gate, complain }: TrpcOptions): Promise<Answer> {
  const trpc = await import("@trpc/server");
  const { fastifyRequestHandler } = await import("@trpc/server/adapters/fastify");
  const builder = trpc.initTRPC.context<Call>().create({ isDev: false });

  const toTrpc = (thrown: unknown): unknown => {
    const error = toOurs(thrown);
    const code = trpcCodes[error.status] ?? "INTERNAL_SERVER_ERROR";
    if (code === "INTERNAL_SERVER_ERROR") complain("a procedure failed", thrown);
    const fix = error.fix === undefined ? "" : ` (${error.fix})`;
    return new trpc.TRPCError({ code, message: `${error.code}: ${error.message}${fix}` });
  };

  const wire = (procedure: Procedure) => {
    const run = async ({ ctx, input }: { ctx: Call; input: Record<string, unknown> }) => {
      try {
        gate.permit(ctx.caller, procedure.access);
        return visible(await procedure.run(ctx, input), ctx.caller);
      } catch (error) {
        throw toTrpc(error);
      }
    };
    const base = builder.procedure.input((raw: unknown) => procedure.input.parse(raw ?? {}));
    return procedure.method === "GET" ? base.query(run) : base.mutation(run);
  };

  const router = builder.router(
    Object.fromEntries(
      Object.entries<Procedure>(procedures).map(([name, procedure]) => [name, wire(procedure)]),
    ),
  );
  return async (request, reply, path) => {
    await fastifyRequestHandler({
      router,
      req: request,
      res: reply,
      path,
      createContext: (): Call => ({ house, caller: request.caller }),
    });
  };
}

const trpcCodes: Readonly<Record<number, ConstructorParameters<typeof TRPCError>[0]["code"]>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  409: "CONFLICT",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
};
