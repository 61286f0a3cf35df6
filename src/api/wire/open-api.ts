/** The OpenAPI 3.1 document, made from the table of procedures. */
import { z } from "zod";
import type { House } from "../house.ts";
import type { Procedure } from "../procedures/procedure.ts";
import { procedures } from "../procedures/table.ts";

type Schema = Readonly<Record<string, unknown>>;

const errorSchema: Schema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        fix: { type: "string" },
      },
    },
  },
};

export function makeOpenApi(house: House): Schema {
  const paths: Record<string, Record<string, Schema>> = { ...plainPaths() };
  for (const [name, procedure] of Object.entries<Procedure>(procedures)) {
    const path = procedure.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [procedure.method.toLowerCase()]: describe(name, procedure) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "SoulMirror",
      version: house.version,
      description: "What the engine sees, what it did, and whether it helped.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Error: errorSchema },
    },
  };
}

function describe(operationId: string, procedure: Procedure): Schema {
  const { path, method, access, summary, status = 200 } = procedure;
  const input = schemaOf(procedure.input, "input");
  const properties = (input["properties"] ?? {}) as Record<string, Schema>;
  const required = new Set(input["required"] as readonly string[] | undefined);
  const inPath = new Set([...path.matchAll(/:(\w+)/g)].map((found) => found[1] ?? ""));
  const others = Object.keys(properties).filter((name) => !inPath.has(name));
  const parameters = [
    ...[...inPath].map((name) => parameter(name, "path", properties[name])),
    ...(method === "GET"
      ? others.map((name) => parameter(name, "query", properties[name], required.has(name)))
      : []),
  ];
  return {
    operationId,
    summary,
    security: access === "read" || access === "report" ? [{}, { token: [] }] : [{ token: [] }],
    parameters,
    ...(method === "POST" && others.length > 0
      ? { requestBody: body(others, properties, required) }
      : {}),
    responses: {
      [status]: answer(summary, schemaOf(procedure.output, "output")),
      default: answer("What went wrong and what to do", { $ref: "#/components/schemas/Error" }),
    },
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function parameter(
  name: string,
  place: "path" | "query",
  ...[schema, isRequired]: [Schema | undefined, boolean?]
): Schema {
  return {
    name,
    in: place,
    required: place === "path" || isRequired === true,
    schema: schema ?? {},
  };
}

function body(
  names: readonly string[],
  properties: Readonly<Record<string, Schema>>,
  required: ReadonlySet<string>,
): Schema {
  const needed = names.filter((name) => required.has(name));
  const schema = {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, properties[name]])),
    ...(needed.length > 0 ? { required: needed } : {}),
  };
  return { required: needed.length > 0, content: { "application/json": { schema } } };
}

function answer(description: string, schema: Schema): Schema {
  return { description, content: { "application/json": { schema } } };
}

/** What is served beside the table: probes, texts and streams. */
function plainPaths(): Record<string, Record<string, Schema>> {
  const plain = (summary: string, mediaType: string, ...more: readonly string[]) => ({
    get: {
      summary,
      security: [{}, { token: [] }],
      responses: Object.fromEntries(
        ["200", ...more].map((status) => [
          status,
          { description: summary, content: { [mediaType]: { schema: {} } } },
        ]),
      ),
    },
  });
  return {
    "/livez": plain("The daemon answers", "text/plain"),
    "/readyz": plain(
      "The daemon can do its work; `?verbose` lists the checks",
      "text/plain",
      "503",
    ),
    "/health": plain("Health of the fleet", "application/health+json", "503"),
    "/metrics": plain("Metrics for Prometheus", "text/plain"),
    "/api/v1/events": plain(
      "The journal as it is written, as server-sent events",
      "text/event-stream",
    ),
    "/api/v1/resources/{kind}/{name}/logs/follow": {
      get: {
        ...plain("Log lines from now on, as server-sent events", "text/event-stream").get,
        security: [{ token: [] }],
        parameters: [
          { name: "kind", in: "path", required: true, schema: { type: "string" } },
          { name: "name", in: "path", required: true, schema: { type: "string" } },
        ],
      },
    },
    "/api/v1/session-link": {
      post: {
        summary: "A link that opens the page once, within a minute",
        security: [{ token: [] }],
        responses: { "201": answer("The link", { type: "object" }) },
      },
    },
  };
}
