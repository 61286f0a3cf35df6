/** Services, resources and modes, as they are right now. */
import { z } from "zod";
import { modes } from "../../kernel/index.ts";
import { severity } from "./rows.ts";

const time = z.number();

export const mode = z.enum(modes);

export const resource = z.templateLiteral([z.string(), "/", z.string()]);

const serviceState = z.enum([
  "starting",
  "healthy",
  "degraded",
  "unhealthy",
  "stopped",
  "quarantined",
]);

const instance = z.object({
  resource,
  number: z.number(),
  pid: z.number().nullable(),
  port: z.number().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable().describe("of a job that rests since"),
  exitCode: z.number().nullable().describe("null also where a signal ended it"),
  state: serviceState,
  reason: z.string().nullable(),
  pinned: z.boolean(),
});

export const service = z.object({
  name: z.string(),
  resource,
  state: serviceState,
  reason: z.string().nullable(),
  pinned: z.boolean().describe("runs with its last good configuration, not what the file declares"),
  rests: z.boolean().describe("has ended as it may: a job whose work is done"),
  pid: z.number().nullable(),
  restarts: z.number(),
  mode,
  listen: z.string().nullable(),
  dependsOn: z.array(z.string()),
  instances: z.array(instance),
});

export const resourceState = z.object({
  resource: z.string(),
  kind: z.string(),
  health: z.enum(["unknown", "healthy", "degraded", "unhealthy"]),
  severity,
  reason: z.string().nullable(),
  mode,
  intervalMs: z.number(),
  timeoutMs: z.number(),
  dependsOn: z.array(z.string()),
});

/** The loop was told; what becomes of it stands in the journal. */
export const accepted = z.object({ accepted: z.literal(true), what: z.string() });

export function takenUp(what: string): z.output<typeof accepted> {
  return { accepted: true, what };
}
