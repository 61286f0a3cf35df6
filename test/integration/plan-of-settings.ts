/** What the calls of an operation are planned to do, as figures that can be compared. */
import { planCalls } from "../../src/engine/core/call-plan.ts";
import { EngineSettings } from "../../src/engine/settings/engine-settings.ts";
import type { SettingName, SettingValues } from "../../src/engine/settings/setting.ts";
import { createRandom } from "../../src/kernel/index.ts";
import { RetryBudget } from "../../src/resilience/index.ts";

export type Values = Partial<{ [K in SettingName]: SettingValues[K] }>;

export function planOf(values: Values): unknown {
  const entries = (Object.keys(values) as readonly SettingName[]).map((leaf) => {
    return { leaf, value: values[leaf], key: leaf, from: "here" };
  });
  const settings = new EngineSettings([{ name: "code", entries }]);
  const { instrumentation, silentErrors } = settings.switches;
  const { retry, ...plan } = planCalls({
    settings: settings.settingsOf("chat"),
    budget: new RetryBudget({}),
    isMeasured: instrumentation,
    looksForSilentErrors: silentErrors,
  });
  const random = createRandom(1);
  const delays: number[] = [];
  for (let step = retry?.backoff, count = 0; step && count < 5; count += 1) {
    step = step.next(random);
    delays.push(step.delayMs);
  }
  return { ...plan, attempts: retry?.attempts, isIdempotent: retry?.isIdempotent, delays };
}
