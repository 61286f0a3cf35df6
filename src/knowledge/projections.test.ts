import { expect, it } from "vitest";
import type { Action, ActionRow, Plan } from "../model/index.ts";
import { shownOrigin } from "../model/index.ts";
import { project } from "./projections.ts";

function originOf(askedBy: Pick<Plan, "askedBy">): string | undefined {
  const plan: Plan = {
    id: "plan",
    strategy: "restart",
    resource: "instance/a.1",
    cause: { kind: "failure", incident: "i", failure: "f" },
    reason: "r",
    steps: [],
    irreversible: false,
    reverts: false,
    ...askedBy,
  };
  const action: Action = {
    id: "act",
    plan,
    at: 1,
    status: { kind: "initiated" },
    done: [],
    begunMs: 1,
  };
  const entry = { kind: "action", action } as const;
  const sealed = { position: 1, id: "e", at: 1, seal: "", entry };
  const [change] = project(sealed);
  return change?.kind === "put_action" ? shownOrigin(change.row as ActionRow) : undefined;
}

it("an action that a person has asked for while an incident was open is told as theirs", () => {
  expect(originOf({})).toBe("by itself");
  expect(originOf({ askedBy: "ana" })).toBe("asked for by ana");
});
