import { z } from "zod";
import { askLoop } from "../ask-loop.ts";
import { findResource, findService } from "../find-resource.ts";
import { accepted, service as shape, takenUp } from "../shapes/fleet.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { procedure } from "./procedure.ts";

export const services = procedure({
  method: "GET",
  path: "/api/v1/services",
  access: "read",
  summary: "All services with their instances and states",
  input: nothing,
  output: z.array(shape),
  run: ({ house }) => house.services(),
});

export const service = procedure({
  method: "GET",
  path: "/api/v1/services/:name",
  access: "read",
  summary: "One service",
  input: z.object({ name }),
  output: shape,
  run: ({ house }, input) => findService(house, input.name),
});

export const restartService = wish("restart", "Restart a service, or one instance of it");
export const stopService = wish("stop", "Stop a service and keep it stopped");
export const startService = wish("start", "Start a service; also ends its quarantine");

function wish(kind: "restart" | "stop" | "start", summary: string) {
  return procedure({
    method: "POST",
    path: `/api/v1/services/:name/${kind}`,
    access: "act",
    summary,
    status: 202,
    input: z.object({
      name,
      instance: z.coerce.number<number>().int().min(1).optional().describe("counts from 1"),
    }),
    output: accepted,
    run: ({ house, caller }, input) => {
      const found = findService(house, input.name);
      const resource =
        input.instance === undefined
          ? found.resource
          : findResource(house, "instance", `${found.name}.${input.instance}`);
      askLoop(house, { kind, resource, by: caller.name });
      return takenUp(`${kind} ${resource}`);
    },
  });
}
