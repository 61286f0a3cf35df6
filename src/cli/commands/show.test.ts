import { expect, it } from "vitest";
import type { ActionRow } from "../../model/index.ts";
import { createStyle } from "../style.ts";
import { tellAction } from "./show.ts";

const style = createStyle({ isColoured: false, isAscii: true });

function rowOf(other: Partial<ActionRow>): ActionRow {
  return {
    id: 1,
    actionId: "act",
    failureEventId: 1,
    timestamp: 0,
    actionType: "command",
    actionStrategy: "command:mend",
    status: "initiated",
    automated: true,
    triggeredBy: "system",
    parameters: { resource: "instance/web.1" },
    result: null,
    durationMs: null,
    completedAt: null,
    createdAt: 0,
    ...other,
  };
}

it("tells of what waits for a person, where no daemon answers, too, that it has not begun", () => {
  const text = tellAction(rowOf({ result: { state: "waiting_for_approval" } }), style);
  const [head, when] = text.split("\n");
  expect(head).toContain("waiting for approval");
  expect(when).toMatch(/^asked .*, not answered yet$/);
  const begun = tellAction(rowOf({ result: { state: "initiated" } }), style);
  expect(begun).toMatch(/ initiated[^]*\nbegan /);
});
