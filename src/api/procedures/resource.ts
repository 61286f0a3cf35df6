import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { resourceId } from "../../model/index.ts";
import { findResource } from "../find-resource.ts";
import { accepted, resourceState, takenUp } from "../shapes/fleet.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { procedure } from "./procedure.ts";

const which = z.object({ kind: name, name });

export const resources = procedure({
  method: "GET",
  path: "/api/v1/resources",
  access: "read",
  summary: "Everything that is watched and is not a service, with its health",
  input: nothing,
  output: z.array(resourceState),
  run: ({ house }) => house.resources(),
});

export const resource = procedure({
  method: "GET",
  path: "/api/v1/resources/:kind/:name",
  access: "read",
  summary: "One watched resource",
  input: which,
  output: resourceState,
  run: ({ house }, { kind, name: wanted }) => {
    const id = resourceId(kind, wanted);
    const found = house.resources().find((each) => each.resource === id);
    if (found) return found;
    throw new SoulMirrorError("NOT_FOUND", `the fleet watches no resource ${id}`, {
      fix: "GET /api/v1/resources lists them; services have /api/v1/services",
    });
  },
});

export const heartbeat = procedure({
  method: "POST",
  path: "/api/v1/resources/:kind/:name/heartbeat",
  access: "report",
  summary: "A sign of life of something that is declared with a heartbeat check",
  status: 202,
  input: which,
  output: accepted,
  run: ({ house }, { kind, name: wanted }) => {
    const id = resourceId(kind, wanted);
    if (!house.heartbeat(id)) {
      throw new SoulMirrorError("NOT_FOUND", `no heartbeat of ${id} is expected`, {
        fix: "declare a health_check with `heartbeat` for it in the fleet file; of a service with several instances name the one, instance/NAME.1",
      });
    }
    return takenUp(`heartbeat of ${id}`);
  },
});

export const diagnostics = procedure({
  method: "GET",
  path: "/api/v1/resources/:kind/:name/diagnostics",
  access: "sensitive",
  summary: "What can be seen of it now: last log lines, descriptors, state of its process",
  input: which,
  output: z.object({ resource: z.string(), text: z.string() }),
  run: async ({ house }, { kind, name: wanted }) => {
    const found = findResource(house, kind, wanted);
    return { resource: found, text: await house.diagnostics(found) };
  },
});

export const logs = procedure({
  method: "GET",
  path: "/api/v1/resources/:kind/:name/logs",
  access: "sensitive",
  summary: "Its last log lines; `/logs/follow` streams those from now on",
  input: which.extend({ lines: z.coerce.number<number>().int().min(0).max(10_000).default(200) }),
  output: z.object({ resource: z.string(), lines: z.array(z.string()) }),
  run: async ({ house }, { kind, name: wanted, lines }) => {
    const found = findResource(house, kind, wanted);
    return { resource: found, lines: await house.logTail(found, lines) };
  },
});
