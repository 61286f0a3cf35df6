import type { ActionUnderWay } from "./fleet-report.ts";
import { plainText } from "./plain-text.ts";

/** The steps of an action that is not over, each with what it would do where that is known. */
export function tellSteps({ steps, preview }: ActionUnderWay): readonly string[] {
  return steps.map((step, index) => {
    const would = preview[index] ?? "";
    return `  ${index + 1}. ${plainText(would === "" ? step : `${step}: ${would}`)}`;
  });
}
