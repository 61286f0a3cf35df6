/** Why nothing is forgotten, a sentence for people. */
import { formatDuration } from "../kernel/index.ts";
import type { ForgetOutcome } from "../vault/index.ts";

export function freezeTexts({ plan, thinning }: ForgetOutcome): readonly string[] {
  return [...new Set([...plan.freezes, ...thinning.freezes].map(textOf))];
}

function textOf(freeze: ForgetOutcome["plan"]["freezes"][number]): string {
  switch (freeze.kind) {
    case "suspect-run":
      return `the run that made ${freeze.id.slice(0, 8)} may have seen too little`;
    case "clock-jumped":
      return `the clock jumped by ${formatDuration(Math.abs(Math.round(freeze.jumpMs)))} after ${freeze.after.slice(0, 8)} came`;
    case "told":
      return freeze.why;
  }
}
