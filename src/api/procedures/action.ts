import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { type Action, describeStep, shownState } from "../../model/index.ts";
import { askLoop } from "../ask-loop.ts";
import { defined } from "../defined.ts";
import type { House } from "../house.ts";
import { accepted, takenUp } from "../shapes/fleet.ts";
import { actionUnderWay } from "../shapes/incident.ts";
import { beforeRow, limit, name, nothing } from "../shapes/inputs.ts";
import { actionRow } from "../shapes/rows.ts";
import { visibleAction, visibleUnderWay } from "../visible.ts";
import { procedure } from "./procedure.ts";

export const actions = procedure({
  method: "GET",
  path: "/api/v1/actions",
  access: "read",
  summary: "Recovery actions, newest first; `result.verdict` says whether they helped",
  input: z.object({
    limit,
    before: beforeRow,
    failureEventId: z.coerce.number<number>().int().optional(),
  }),
  output: z.array(actionRow),
  run: async ({ house, caller }, input) => {
    const rows = await house.store.actions(defined(input));
    return rows.map((row) => visibleAction(row, caller));
  },
});

export const actionsUnderWay = procedure({
  method: "GET",
  path: "/api/v1/actions/under-way",
  access: "read",
  summary: "Actions that are not over, among them those that wait for approval",
  input: nothing,
  output: z.array(actionUnderWay),
  run: ({ house, caller }) =>
    house.actionsUnderWay().map((action) => underWay(visibleUnderWay(action, caller))),
});

export const action = procedure({
  method: "GET",
  path: "/api/v1/actions/:id",
  access: "read",
  summary: "One action",
  input: z.object({ id: name }),
  output: actionRow,
  run: async ({ house, caller }, { id }) => {
    const [found] = await house.store.actions({ limit: 1, actionId: id });
    if (found) return visibleAction(found, caller);
    throw new SoulMirrorError("NOT_FOUND", `there is no action ${id}`);
  },
});

export const approveAction = answer("approve", "Let a waiting action begin");
export const dismissAction = answer("dismiss", "Refuse a waiting action");

function answer(kind: "approve" | "dismiss", summary: string) {
  return procedure({
    method: "POST",
    path: `/api/v1/actions/:id/${kind}`,
    access: "act",
    summary,
    status: 202,
    input: z.object({ id: name }),
    output: accepted,
    run: async ({ house, caller }, { id }) => {
      await mustWait(house, id);
      askLoop(house, { kind, action: id, by: caller.name });
      return takenUp(`${kind} ${id}`);
    },
  });
}

async function mustWait(house: House, id: string): Promise<void> {
  const found = house.actionsUnderWay().find((each) => each.id === id);
  if (found?.status.kind === "waiting_for_approval") return;
  if (found) throw new SoulMirrorError("CONFLICT", `action ${id} has begun already`);
  const [row] = await house.store.actions({ limit: 1, actionId: id });
  if (row) {
    const state = shownState(row).replaceAll("_", " ");
    throw new SoulMirrorError("CONFLICT", `action ${id} is over: ${state}`);
  }
  throw new SoulMirrorError("NOT_FOUND", `there is no action ${id}`, {
    fix: "`soulmirror actions` or GET /api/v1/actions/under-way lists those that wait",
  });
}

function underWay(action: Action): z.output<typeof actionUnderWay> {
  const { id, at, status, plan, preview = [] } = action;
  return {
    id,
    at,
    state: status.kind,
    strategy: plan.strategy,
    resource: plan.resource,
    reason: plan.reason,
    irreversible: plan.irreversible,
    steps: plan.steps.map(describeStep),
    preview: [...preview],
  };
}
