/**
 * L7: provider-alpha answers 429 to every job, and looks healthy. Silent where only processes are
 * watched. Seen at ai-router, which is struck by it: its check fails. Healed: no restart helps, the
 * declared alternative does. Not lost: analyses, which wait.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Fault } from "../fault.ts";
import { Refusal } from "../refusal.ts";
import { strike } from "../strike.ts";

const provider = "provider-alpha";

export const exhaustedQuota: Fault = {
  id: "L7",
  title: "provider's quota exhausted",
  silent: true,
  control: false,
  strikes: "ai-router",
  diagnosis: ["check_failed", "dependency_down"],
  healedBy: ["switch_alternative"],
  healWithinMs: 40_000,
  async inject(scene) {
    const spec = scene.fleet.services[provider];
    const file = spec?.env["QUOTA_FILE"];
    if (spec === undefined || file === undefined) {
      throw new Refusal(`${provider} declares no QUOTA_FILE`);
    }
    const path = resolve(spec.cwd, file);
    const text = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    return strike(scene, {
      undo: [text === undefined ? { kind: "remove", path } : { kind: "write", path, text }],
      land() {
        writeFileSync(path, "exhausted\n");
        return `the quota of ${provider} is exhausted`;
      },
    });
  },
};
