import { expect, it } from "vitest";
import { type ActionRow, interrupted } from "../../model/index.ts";
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

it("does not say of what outlived its daemon that it failed: nobody has seen its end", () => {
  const result = { state: "failed", reason: interrupted };
  const text = tellAction(rowOf({ status: "failed", result }), style);
  expect(text).toMatch(
    /^! interrupted {2}command:mend of web.1, by itself\nbegan .*; how it ended/,
  );
});
