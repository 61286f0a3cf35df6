/**
 * Little processor time for one process, by a control group of our own (version 1) or the limit of
 * the group that the process is alone in (version 2). Both need to be allowed; most often by root.
 */
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProcessIdentity } from "../model/index.ts";
import { type ControlGroup, controlGroupsOf, limitProcessor } from "../system/index.ts";
import type { UndoStep } from "./undo-recipe.ts";

export interface ProcessorQuota {
  readonly undo: readonly UndoStep[];
  /** In percent of one processor. */
  apply(percent: number): void;
}

/** Undefined where this machine does not offer it for this process. */
export function processorQuota(target: ProcessIdentity): ProcessorQuota | undefined {
  const groups = controlGroupsOf(target.pid);
  const own = groups.find(({ controllers }) => controllers.includes("cpu"));
  const shared = groups.find(({ version }) => version === 2);
  return (own && quotaByOwnGroup(target, own)) ?? (shared && quotaOfItsGroup(shared));
}

function quotaByOwnGroup(
  { pid }: ProcessIdentity,
  { path: home }: ControlGroup,
): ProcessorQuota | undefined {
  const group = join(home, `soulmirror-drill-${pid}`);
  try {
    accessSync(home, constants.W_OK);
  } catch {
    // No such folder, or not ours to make groups in.
    return undefined;
  }
  return {
    undo: [{ kind: "dissolve", group, home }],
    apply(percent) {
      mkdirSync(group, { recursive: true });
      limitProcessor({ version: 1, path: group }, percent);
      writeFileSync(join(group, "cgroup.procs"), String(pid));
    },
  };
}

function quotaOfItsGroup(group: ControlGroup): ProcessorQuota | undefined {
  // In the group of everybody a limit would strike everybody.
  if (!dirname(group.path).endsWith("/soulmirror")) return undefined;
  const limit = join(group.path, "cpu.max");
  const declared = read(limit);
  if (declared === "") return undefined;
  return {
    // What the fleet file grants it stays its limit.
    undo: [{ kind: "write", path: limit, text: declared }],
    apply: (percent) => limitProcessor(group, percent),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The controller is not passed on to that group.
    return "";
  }
}
