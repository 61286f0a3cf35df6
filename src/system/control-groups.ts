/**
 * Which control groups a process is in, and where their folders lie: in version 1 a hierarchy for
 * some controllers each, in version 2 one for all of them; a machine may have both side by side.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ControlGroup {
  readonly version: 1 | 2;
  /** Of version 1; version 2 says in the folder itself what it offers. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Nothing where there is no such process, or no such thing on this machine. */
export function controlGroupsOf(pid: number | "self"): readonly ControlGroup[] {
  const groups = [...read(`/proc/${pid}/cgroup`).matchAll(/^\d+:([^:]*):(.*)$/gm)];
  const mounts = read("/proc/self/mountinfo").matchAll(
    /^\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)/gm,
  );
  return [...mounts].flatMap(([, root = "", mount = "", type, options = ""]): ControlGroup[] => {
    const version = type === "cgroup2" ? 2 : 1;
    const own = groups.find(([, controllers = ""]) =>
      version === 2 ? controllers === "" : isMountOf(options, controllers),
    );
    if (!own) return [];
    const [, controllers = "", group = ""] = own;
    // A container may see a part of the hierarchy only, mounted as if it were the whole.
    const inside = root !== "/" && group.startsWith(root) ? group.slice(root.length) : group;
    const names = controllers.split(",").filter((name) => name !== "");
    return [{ version, controllers: names, path: join(mount, inside) }];
  });
}

function isMountOf(options: string, controllers: string): boolean {
  const [first = ""] = controllers.split(",");
  return first !== "" && options.split(",").includes(first);
}

const periodUs = 100_000;
/** The kernel takes no less. */
const quotaMinUs = 1000;

/** In percent of one processor; undefined takes the limit away. Throws what the kernel says. */
export function limitProcessor(
  { version, path }: Pick<ControlGroup, "version" | "path">,
  percent: number | undefined,
): void {
  const quotaUs =
    percent === undefined
      ? undefined
      : Math.max(quotaMinUs, Math.round((periodUs * percent) / 100));
  if (version === 2) {
    writeFileSync(join(path, "cpu.max"), `${quotaUs ?? "max"} ${periodUs}`);
    return;
  }
  writeFileSync(join(path, "cpu.cfs_period_us"), String(periodUs));
  writeFileSync(join(path, "cpu.cfs_quota_us"), String(quotaUs ?? -1));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such process, or no such interface.
    return "";
  }
}
