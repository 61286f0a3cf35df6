/**
 * provider-alpha answers 429 to every job from now on, as a paid provider does. Whoever switched
 * ai-router to the other one because of it goes back when the quota is there again.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Injection, Scene } from "./fault.ts";
import { Refusal } from "./refusal.ts";
import { strike } from "./strike.ts";
import type { UndoStep } from "./undo-recipe.ts";

const provider = "provider-alpha";
const router = "ai-router";

export async function exhaustQuota(scene: Scene): Promise<Injection> {
  const path = fileOf(scene, provider, "QUOTA_FILE");
  if (path === undefined) throw new Refusal(`${provider} declares no QUOTA_FILE`);
  const switchFile = fileOf(scene, router, "SWITCH_FILE");
  if (switchFile !== undefined && textOf(switchFile)?.trim() === "alternative") {
    throw new Refusal(`${router} does not use ${provider} now: ${switchFile} says so`);
  }
  return strike(scene, {
    undo: [asItWas(path), ...(switchFile === undefined ? [] : [asItWas(switchFile)])],
    land() {
      writeFileSync(path, "exhausted\n");
      return `the quota of ${provider} is exhausted`;
    },
  });
}

function fileOf({ fleet }: Scene, service: string, variable: string): string | undefined {
  const spec = fleet.services[service];
  const file = spec?.env[variable];
  return spec === undefined || file === undefined ? undefined : resolve(spec.cwd, file);
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function asItWas(path: string): UndoStep {
  const text = textOf(path);
  return text === undefined ? { kind: "remove", path } : { kind: "write", path, text };
}
