/**
 * Control groups: the kernel's own list of all that a service has started, with limits that the
 * kernel enforces. Found at the start: version 1, version 2, or both side by side.
 *
 * Every run gets groups of its own below the group that the daemon is in, so that whatever limits
 * the daemon limits its services, too. Version 2 without delegated controllers still tells who
 * belongs to a run; the limits are then polled.
 *
 * Moving a process makes the kernel wait for all processors (some 10 ms), and as long the start of
 * the service would take longer. In version 1 a thread may move *itself* for nothing: ours steps
 * into the new group, starts the service, which is born there, and steps back. In version 2 only
 * limits are worth the wait; a run that is merely counted is moved when it has started.
 * C1. Only folders that this file made are written to or removed.
 * C2. The daemon's own thread is back in its own group when `birth` returns.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { controlGroupsOf, limitProcessor } from "../../system/index.ts";

const limiting = ["memory", "pids", "cpu"] as const;
type Limiting = (typeof limiting)[number];
type Controller = Limiting | "members";

export interface Hierarchy {
  readonly controller: Controller;
  readonly version: 1 | 2;
  /** The daemon's own group there. */
  readonly path: string;
}

export interface Limits {
  readonly memoryBytes?: number;
  readonly processes?: number;
  /** Of one processor. */
  readonly cpuPercent?: number;
}

export interface Groups {
  readonly paths: readonly string[];
  /** Limits that the kernel will not enforce: what is used is looked at instead. */
  readonly polled: readonly string[];
  /** Limits that nobody can enforce but the kernel, and it will not. */
  readonly ignored: readonly string[];
  /** Where the process has to be moved to: at once, or when it has started. */
  readonly moves: "never" | "now" | "later";
  /** Runs `start`; what it starts is born in the groups of version 1. Keeps C2. */
  birth<T>(start: () => T): T;
}

const folder = "soulmirror";
const namesMax = 1000;

export class Cgroups {
  readonly #hierarchies: readonly Hierarchy[];

  constructor(hierarchies: readonly Hierarchy[] = findHierarchies()) {
    this.#hierarchies = hierarchies.filter(isUsable);
  }

  /** Folders of its own for a run, with the limits set. Never throws: less is possible then. */
  create(name: string, { memoryBytes, processes, cpuPercent }: Limits): Groups {
    const made = new Map<Hierarchy, string>();
    const polled: string[] = [];
    const ignored: string[] = [];
    const take = (hierarchy: Hierarchy | undefined): string | undefined => {
      if (!hierarchy) return undefined;
      const twin = [...made].find(([other]) => other.path === hierarchy.path)?.[1];
      const path = twin ?? makeGroup(hierarchy.path, name);
      if (path !== undefined && twin === undefined) made.set(hierarchy, path);
      return path;
    };
    const limit = (controller: Limiting, value: number | undefined): boolean => {
      if (value === undefined) return false;
      const hierarchy = this.#find(controller);
      const path = take(hierarchy);
      const isSet = hierarchy && path !== undefined && setLimit(hierarchy, path, value);
      if (!isSet && controller === "cpu") ignored.push(controller);
      else if (!isSet) polled.push(controller === "pids" ? "processes" : controller);
      return isSet === true && hierarchy?.version === 2;
    };
    // Any hierarchy tells who belongs to a run; that of the process counts is the cheapest.
    take(this.#find("pids", 1) ?? this.#find("memory", 1) ?? this.#hierarchies[0]);
    const isLimited = [
      limit("memory", memoryBytes),
      limit("pids", processes),
      limit("cpu", cpuPercent),
    ].includes(true);
    const isMoved = [...made.keys()].some(({ version }) => version === 2);
    return {
      paths: [...made.values()],
      polled,
      ignored,
      moves: isLimited ? "now" : isMoved ? "later" : "never",
      birth: (start) => bornIn(made, cpuPercent, start),
    };
  }

  /** Groups that were made under names with this beginning, by whichever daemon. */
  named(prefix: string): readonly string[] {
    const folders = new Set(this.#hierarchies.map(({ path }) => join(path, folder)));
    return [...folders].flatMap((base) =>
      namesIn(base)
        .filter((name) => name.startsWith(prefix))
        .map((name) => join(base, name)),
    );
  }

  #find(controller: Controller, version?: 1 | 2): Hierarchy | undefined {
    return this.#hierarchies.find(
      (each) => each.controller === controller && (version ?? each.version) === each.version,
    );
  }
}

function namesIn(base: string): readonly string[] {
  try {
    return readdirSync(base);
  } catch {
    // No run has a group there.
    return [];
  }
}

function bornIn<T>(
  groups: ReadonlyMap<Hierarchy, string>,
  cpuPercent: number | undefined,
  start: () => T,
): T {
  const homes: string[] = [];
  // While our own thread is in there, a small quota would hold it up together with the fleet.
  const quota = (percent: number | undefined): void => {
    for (const [{ version, controller }, path] of groups) {
      if (version === 1 && controller === "cpu") {
        attempt(() => limitProcessor({ version, path }, percent));
      }
    }
  };
  quota(undefined);
  try {
    for (const [{ version, path: home }, path] of groups) {
      if (version === 1 && attempt(() => writeFileSync(join(path, "tasks"), "0"))) homes.push(home);
    }
    return start();
  } finally {
    for (const home of homes) writeFileSync(join(home, "tasks"), "0");
    quota(cpuPercent);
  }
}

function makeGroup(parent: string, name: string): string | undefined {
  const base = join(parent, folder);
  for (let number = 0; number < namesMax; number += 1) {
    const path = join(base, `${name}-${number}`);
    if (attempt(() => mkdirSync(path))) return path;
    if (attempt(() => mkdirSync(base))) passOnAll(parent, base);
    // Left over from an earlier run: an empty one goes; one with members stays.
    attempt(() => rmdirSync(path));
    if (attempt(() => mkdirSync(path))) return path;
    if (!existsSync(path)) return undefined;
  }
  return undefined;
}

/** Version 2: what the parent passes on, our folder passes on, too. */
function passOnAll(parent: string, base: string): void {
  for (const name of read(join(parent, "cgroup.subtree_control")).split(/\s+/)) {
    if (name !== "") passesOn(base, name);
  }
}

function setLimit({ controller, version }: Hierarchy, path: string, limit: number): boolean {
  if (controller === "cpu") return attempt(() => limitProcessor({ version, path }, limit));
  const memoryFile = version === 1 ? "memory.limit_in_bytes" : "memory.max";
  const file = controller === "memory" ? memoryFile : "pids.max";
  return attempt(() => writeFileSync(join(path, file), String(Math.floor(limit))));
}

/** Moves processes, and thereby all that they will start; takes the kernel some 10 ms each. */
export async function moveInto(paths: readonly string[], pids: readonly number[]): Promise<void> {
  for (const path of paths) {
    for (const pid of pids) {
      // Gone in the meantime, or there already.
      await writeFile(join(path, "cgroup.procs"), String(pid)).catch(() => {});
    }
  }
}

export function cgroupPids(paths: readonly string[]): readonly number[] {
  const pids = new Set<number>();
  for (const path of paths) {
    for (const line of read(join(path, "cgroup.procs")).split("\n")) {
      if (line !== "") pids.add(Number(line));
    }
  }
  return [...pids];
}

/** True when the kernel killed all members at once (version 2). */
export function killCgroups(paths: readonly string[]): boolean {
  return paths.some((path) => attempt(() => writeFileSync(join(path, "cgroup.kill"), "1")));
}

/** How often the kernel killed a member because of its memory limit. */
export function oomKillsOf(paths: readonly string[]): number {
  let kills = 0;
  for (const path of paths) {
    for (const file of ["memory.oom_control", "memory.events"]) {
      kills += Number(/^oom_kill (\d+)$/m.exec(read(join(path, file)))?.[1] ?? 0);
    }
  }
  return kills;
}

/** How many processes and threads a run has, where that is counted. */
export function taskCountOf(paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const count = read(join(path, "pids.current"));
    if (count !== "") return Number(count);
  }
  return undefined;
}

/** False when something is still in one of them. */
export function removeCgroups(paths: readonly string[]): boolean {
  let isGone = true;
  for (const path of paths) {
    try {
      rmdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") isGone = false;
    }
    // The folder above goes with its last member.
    attempt(() => rmdirSync(dirname(path)));
  }
  return isGone;
}

/** The groups that we are in, by what they are good for. */
export function findHierarchies(): readonly Hierarchy[] {
  return controlGroupsOf("self").flatMap(({ version, controllers, path }) =>
    version === 2
      ? versionTwo(path)
      : limiting
          .filter((controller) => controllers.includes(controller))
          .map((controller) => ({ controller, version, path })),
  );
}

/** The group itself tells its members; a controller counts when it may be passed on. */
function versionTwo(path: string): readonly Hierarchy[] {
  const offered = read(join(path, "cgroup.controllers")).split(/\s+/);
  const passed = limiting.filter((name) => offered.includes(name) && passesOn(path, name));
  const controllers: readonly Controller[] = ["members", ...passed];
  return controllers.map((controller) => ({ controller, version: 2, path }));
}

/** Refused by the kernel while the daemon itself sits in a group that is not the root. */
function passesOn(path: string, name: string): boolean {
  const control = join(path, "cgroup.subtree_control");
  if (read(control).split(/\s+/).includes(name)) return true;
  return attempt(() => writeFileSync(control, `+${name}`));
}

function isUsable({ path }: Hierarchy): boolean {
  const probe = join(path, `${folder}-probe-${process.pid}`);
  return attempt(() => mkdirSync(probe)) && attempt(() => rmdirSync(probe));
}

/** What the kernel refuses is not available here; the caller does with less. */
function attempt(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not this version, not this controller, or gone.
    return "";
  }
}
