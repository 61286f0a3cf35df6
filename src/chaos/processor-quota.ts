/**
 * Little processor time for one process, by a control group of our own (version 1) or the limit of
 * the group that the process is alone in (version 2). Both need to be allowed; most often by root.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProcessIdentity } from "../model/index.ts";
import type { UndoStep } from "./undo-recipe.ts";

export interface ProcessorQuota {
  readonly undo: readonly UndoStep[];
  /** In percent of one processor. */
  apply(percent: number): void;
}

const periodUs = 100_000;

/** Undefined where this machine does not offer it for this process. */
export function processorQuota(target: ProcessIdentity): ProcessorQuota | undefined {
  return quotaByOwnGroup(target) ?? quotaOfItsGroup(target);
}

function quotaByOwnGroup({ pid }: ProcessIdentity): ProcessorQuota | undefined {
  const mount = mountOf((type, options) => type === "cgroup" && options.includes("cpu"));
  const path = groupOf(pid, (controllers) => controllers.split(",").includes("cpu"));
  if (mount === undefined || path === undefined) return undefined;
  const home = join(mount, path);
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
      writeFileSync(join(group, "cpu.cfs_period_us"), String(periodUs));
      writeFileSync(join(group, "cpu.cfs_quota_us"), String((periodUs * percent) / 100));
      writeFileSync(join(group, "cgroup.procs"), String(pid));
    },
  };
}

function quotaOfItsGroup({ pid }: ProcessIdentity): ProcessorQuota | undefined {
  const mount = mountOf((type) => type === "cgroup2");
  const path = groupOf(pid, (controllers) => controllers === "");
  // In the group of everybody a limit would strike everybody.
  if (mount === undefined || path === undefined || !dirname(path).endsWith("/soulmirror")) {
    return undefined;
  }
  const limit = join(mount, path, "cpu.max");
  if (!existsSync(limit)) return undefined;
  return {
    undo: [{ kind: "write", path: limit, text: `max ${periodUs}` }],
    apply: (percent) => writeFileSync(limit, `${(periodUs * percent) / 100} ${periodUs}`),
  };
}

/** Where the first hierarchy of that kind is mounted with its root. */
function mountOf(fits: (type: string, options: readonly string[]) => boolean): string | undefined {
  for (const line of read("/proc/self/mountinfo").split("\n")) {
    const match = /^\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)/.exec(line);
    const [, root, mount, type = "", options = ""] = match ?? [];
    if (root === "/" && fits(type, options.split(","))) return mount;
  }
  return undefined;
}

function groupOf(pid: number, fits: (controllers: string) => boolean): string | undefined {
  for (const line of read(`/proc/${pid}/cgroup`).split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers !== undefined && fits(controllers)) return path;
  }
  return undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such process, or no such interface.
    return "";
  }
}
