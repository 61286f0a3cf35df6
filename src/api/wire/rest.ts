/** One REST route for each procedure of the table. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { House } from "../house.ts";
import type { Procedure } from "../procedures/procedure.ts";
import { procedures } from "../procedures/table.ts";
import { visible } from "../visible.ts";

export function addRestRoutes(app: FastifyInstance, house: House): void {
  for (const procedure of Object.values<Procedure>(procedures)) {
    app.route({
      method: procedure.method,
      url: procedure.path,
      config: { access: procedure.access },
      handler: async (request, reply) => await answer(procedure, { house, request, reply }),
    });
  }
}

interface Exchange {
  readonly house: House;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function answer(procedure: Procedure, { house, request, reply }: Exchange): Promise<unknown> {
  const parsed = procedure.input.safeParse(rawInput(request));
  if (!parsed.success) {
    const complaints = parsed.error.issues.map(
      ({ path, message }) => `${path.join(".") || "request"}: ${message}`,
    );
    throw new SoulMirrorError("BAD_REQUEST", complaints.join("; "), {
      fix: "/api/v1/openapi.json describes every request",
    });
  }
  const { caller } = request;
  const result = await procedure.run({ house, caller }, parsed.data);
  const next = nextPage(procedure, { input: parsed.data, result });
  if (next !== undefined) {
    void reply.header("link", `<${pageUrl(request.url, next)}>; rel="next"`);
  }
  return await reply.code(procedure.status ?? 200).send(visible(result, caller));
}

/** The path wins over the query, and both over the body: what was addressed is what is meant. */
function rawInput(request: FastifyRequest): Record<string, unknown> {
  const { body } = request;
  if (body !== undefined && body !== null && (typeof body !== "object" || Array.isArray(body))) {
    throw new SoulMirrorError("BAD_REQUEST", "the body must be a JSON object");
  }
  return { ...body, ...asRecord(request.query), ...asRecord(request.params) };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** Which key and value continue the list: a full page may have another one behind it. */
function nextPage(
  procedure: Procedure,
  { input, result }: { input: Record<string, unknown>; result: unknown },
): readonly [string, string] | undefined {
  if (!Array.isArray(result) || result.length === 0 || result.length !== input["limit"]) return;
  const last = asRecord(result.at(-1));
  const { shape } = procedure.input;
  if ("before" in shape) return ["before", String(last["id"])];
  return "after" in shape ? ["after", String(last["position"])] : undefined;
}

function pageUrl(url: string, [key, value]: readonly [string, string]): string {
  const [path = "", query = ""] = url.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set(key, value);
  return `${path}?${parameters.toString()}`;
}
