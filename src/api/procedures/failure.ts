import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { defined } from "../defined.ts";
import { beforeRow, flag, limit, name } from "../shapes/inputs.ts";
import { actionRow, failureRow } from "../shapes/rows.ts";
import { visibleAction } from "../visible.ts";
import { procedure } from "./procedure.ts";

export const failures = procedure({
  method: "GET",
  path: "/api/v1/failures",
  access: "read",
  summary: "Failures, newest first",
  input: z.object({
    limit,
    before: beforeRow,
    resolved: flag.optional(),
    service: name.optional(),
  }),
  output: z.array(failureRow),
  run: ({ house }, input) => house.store.failures(defined(input)),
});

export const failure = procedure({
  method: "GET",
  path: "/api/v1/failures/:eventId",
  access: "read",
  summary: "One failure with the actions that were taken against it",
  input: z.object({ eventId: name }),
  output: failureRow.extend({ actions: z.array(actionRow) }),
  run: async ({ house, caller }, { eventId }) => {
    const [found] = await house.store.failures({ limit: 1, eventId });
    if (!found) throw new SoulMirrorError("NOT_FOUND", `there is no failure ${eventId}`);
    const actions = await house.store.actions({ limit: 500, failureEventId: found.id });
    return { ...found, actions: actions.map((row) => visibleAction(row, caller)) };
  },
});
