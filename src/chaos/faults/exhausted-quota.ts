/**
 * L7: provider-alpha answers 429 to every job, and looks healthy. Silent where only processes are
 * watched. Seen at ai-router, which is struck by it: its check fails. Healed: no restart helps, the
 * declared alternative does. Not lost: analyses, which wait.
 */
import { exhaustQuota } from "../exhaust-quota.ts";
import type { Fault } from "../fault.ts";

export const exhaustedQuota: Fault = {
  id: "L7",
  title: "provider's quota exhausted",
  silent: true,
  control: false,
  strikes: "ai-router",
  diagnosis: ["check_failed", "dependency_down"],
  healedBy: ["switch_alternative"],
  healWithinMs: 40_000,
  inject: exhaustQuota,
};
