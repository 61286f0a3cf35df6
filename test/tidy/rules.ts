/** The rules of the house, in one list. A new rule needs a planted violation in `plants.ts`. */
import { budgetRule } from "./budget-rule.ts";
import { circleRule } from "./circle-rule.ts";
import { doorRule } from "./door-rule.ts";
import { errorRule } from "./error-rule.ts";
import { globalRule } from "./global-rule.ts";
import { honestyRule } from "./honesty-rule.ts";
import { linkRule } from "./link-rule.ts";
import { nameRule } from "./name-rule.ts";
import { commandRule, packageRule } from "./package-rule.ts";
import { processRule } from "./process-rule.ts";
import { rankRule } from "./rank-rule.ts";
import type { Rule } from "./source.ts";
import { textRule } from "./text-rule.ts";

export const rules: readonly Rule[] = [
  rankRule,
  doorRule,
  circleRule,
  globalRule,
  processRule,
  budgetRule,
  nameRule,
  textRule,
  linkRule,
  errorRule,
  packageRule,
  commandRule,
  honestyRule,
];
