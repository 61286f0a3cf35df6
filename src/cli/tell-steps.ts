import type { ActionUnderWay } from "./fleet-report.ts";
import { plainText } from "./plain-text.ts";

/** What follows the name of its strategy: the reason begins with that, too. */
export function whyOf({ strategy, reason }: Pick<ActionUnderWay, "strategy" | "reason">): string {
  const name = `${strategy} `;
  return plainText(reason.startsWith(name) ? reason.slice(name.length) : `because ${reason}`);
}

/** The steps of an action that is not over, each with what it would do where that is known. */
export function tellSteps({ steps, preview }: ActionUnderWay): readonly string[] {
  return steps.map((step, index) => {
    const would = preview[index] ?? "";
    return `  ${index + 1}. ${plainText(would === "" ? step : `${step}: ${would}`)}`;
  });
}
