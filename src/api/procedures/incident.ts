import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { defined } from "../defined.ts";
import { incidentStory, incident as shape } from "../shapes/incident.ts";
import { beforeId, flag, limit, name } from "../shapes/inputs.ts";
import { tellIncident } from "../tell-incident.ts";
import { procedure } from "./procedure.ts";

export const incidents = procedure({
  method: "GET",
  path: "/api/v1/incidents",
  access: "read",
  summary: "Incidents, newest first; `live=true` for those that are not resolved",
  input: z.object({ limit, before: beforeId, live: flag.optional() }),
  output: z.array(shape),
  run: async ({ house }, input) => {
    // What is going on now must be told even when the store is away.
    if (input.live === true && input.before === undefined) {
      return house.liveIncidents().slice(0, input.limit);
    }
    return await house.store.incidents(defined(input));
  },
});

export const incident = procedure({
  method: "GET",
  path: "/api/v1/incidents/:id",
  access: "read",
  summary: "One incident with its failures, victims, actions, verdicts and timeline",
  input: z.object({ id: name }),
  output: incidentStory,
  run: async (call, { id }) => {
    const live = call.house.liveIncidents().find((each) => each.id === id);
    const [found] = live ? [live] : await call.house.store.incidents({ limit: 1, id });
    if (found) return await tellIncident(call, found);
    throw new SoulMirrorError("NOT_FOUND", `there is no incident ${id}`);
  },
});
