/**
 * What a person is asked to approve: each step of an irreversible plan is looked at by its own
 * effector, which changes nothing. Other plans can be taken back, and their later steps cannot be
 * looked at before the earlier ones are done. Steps that are a courtesy are nobody's question.
 */
import type { Action, StepResult } from "../model/index.ts";
import { type Ledger, stepOf } from "./ledger.ts";

/** The next look, if one is left. */
export function preview(ledger: Ledger, action: Action): void {
  const { plan, preview: seen = [] } = action;
  if (!plan.irreversible || seen.length >= plan.steps.length) return;
  const step = stepOf(action, seen.length);
  if (step.optional) show(ledger, action, "");
  else ledger.command(action, { phase: "precheck", step });
}

export function previewed(ledger: Ledger, action: Action, result: StepResult): void {
  const text = result.kind === "done" ? result.detail : result.reason;
  const isFirst = (action.preview ?? []).every((seen) => seen === "");
  // It would end there after the approval, too.
  if (result.kind === "refused" && isFirst) ledger.fail(action, text);
  else show(ledger, action, text);
}

function show(ledger: Ledger, action: Action, text: string): void {
  const seen = [...(action.preview ?? []), text];
  preview(ledger, ledger.put({ ...action, preview: seen }, action.status));
}
