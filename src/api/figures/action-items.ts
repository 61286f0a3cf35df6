/** What a person should look at, because no strategy can or may do it. Most urgent first. */
import { type FailureRow, headlineOf } from "../../model/index.ts";
import type { House } from "../house.ts";
import { predict } from "./predictions.ts";

export interface ActionItem {
  readonly resource: string;
  readonly text: string;
}

const oftenMin = 3;
const itemsMax = 50;

export function suggestActions(
  house: House,
  failures: readonly FailureRow[],
): readonly ActionItem[] {
  const waiting = house
    .actionsUnderWay()
    .filter(({ status }) => status.kind === "waiting_for_approval")
    .map(({ id, plan }) => ({
      resource: plan.resource,
      text: `approve or dismiss ${plan.strategy} (${id}): ${plan.reason}`,
    }));
  const escalated = house.liveIncidents().flatMap((incident) => {
    const { cause, state } = incident;
    return state.kind === "escalated"
      ? [{ resource: cause, text: `${headlineOf(incident)}: nothing helped (${state.reason})` }]
      : [];
  });
  const predicted = predict(house).map(({ resource, message }) => ({ resource, text: message }));
  return [...waiting, ...escalated, ...predicted, ...recurring(failures)].slice(0, itemsMax);
}

/** Healed again and again: the recovery works, the cause is still there. */
function recurring(failures: readonly FailureRow[]): readonly ActionItem[] {
  const counts = new Map<string, { readonly row: FailureRow; count: number }>();
  for (const row of failures) {
    const key = `${row.affectedService} ${row.failureType}`;
    const known = counts.get(key) ?? { row, count: 0 };
    known.count += 1;
    counts.set(key, known);
  }
  return [...counts.values()]
    .filter(({ count }) => count >= oftenMin)
    .sort((a, b) => b.count - a.count)
    .map(({ row, count }) => ({
      resource: row.affectedService,
      text: `${row.failureType} came ${count} times: find its cause; last: ${row.errorMessage ?? "no reason given"}`,
    }));
}
