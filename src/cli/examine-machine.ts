/** What of this machine matters to SoulMirror. Looks only; changes nothing. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatBytes } from "../kernel/index.ts";
import { bootId, controlGroupsOf, processIdentity, realClock } from "../system/index.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

const nodeMajorNeeded = 24;
const freeBytesNeeded = 512 * 1024 * 1024;
/** No clock that shows less than this can be right. */
const builtAfterMs = Date.UTC(2026, 0, 1);

export function examineMachine(dataPath: string): readonly DoctorCheck[] {
  return [node(), procFiles(), controlGroups(), disk(dataPath), clock(), descriptors()];
}

function node(): DoctorCheck {
  const { node: version } = process.versions;
  if (Number.parseInt(version, 10) >= nodeMajorNeeded) return ok("node", version);
  return fail("node", `${version} is too old`, `install Node ${nodeMajorNeeded} or newer`);
}

function procFiles(): DoctorCheck {
  if (processIdentity(process.pid) !== undefined && bootId() !== "") return ok("/proc", "readable");
  const fix = "run it on Linux with /proc mounted; without it no process can be told from another";
  return fail("/proc", "processes cannot be identified", fix);
}

/** What the daemon could have the kernel hold to, if it were started here and by us. */
function controlGroups(): DoctorCheck {
  const groups = controlGroupsOf("self").filter(({ path }) => mayWrite(path));
  const found = groups.flatMap(({ version, controllers, path }) => {
    const names = version === 2 ? offeredIn(path) : controllers;
    return limited.filter((name) => names.includes(name)).map((name) => `${name} (v${version})`);
  });
  const missing = limited.filter((name) => !found.some((each) => each.startsWith(name)));
  if (missing.length === 0) return ok("cgroups", found.join(", "));
  const told = found.length === 0 ? "none that we may change" : found.join(", ");
  return warn("cgroups", `${told}; missing: ${missing.join(", ")}`, limitsFix);
}

const limited = ["memory", "pids", "cpu"];
const limitsFix =
  "limits of memory and processes are polled every 250 ms instead, those of cpu have no effect; run it as root, or delegate a group with these controllers";

function offeredIn(path: string): readonly string[] {
  return readFileSync(join(path, "cgroup.controllers"), "utf8").trim().split(" ");
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // Not there, not ours, or mounted for reading.
    return false;
  }
}

function disk(dataPath: string): DoctorCheck {
  let folder = dataPath;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  const { bavail, bsize, ffree, files } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  const told = `${formatBytes(freeBytes)} free at ${folder}`;
  const fix = "free some space, or put the data directory elsewhere with --data";
  if (files > 0 && ffree < 1000) return fail("disk", `${ffree} inodes left at ${folder}`, fix);
  if (freeBytes < freeBytesNeeded / 8) return fail("disk", told, fix);
  return freeBytes < freeBytesNeeded ? warn("disk", told, fix) : ok("disk", told);
}

function clock(): DoctorCheck {
  const { wallMs } = realClock.now();
  const told = new Date(wallMs).toISOString();
  if (wallMs >= builtAfterMs) return ok("clock", told);
  return fail("clock", `${told} is in the past`, "set the clock, or let NTP do it");
}

function descriptors(): DoctorCheck {
  const limit = openFilesLimit();
  if (limit === undefined || limit >= 4096) return ok("open files", `limit ${limit ?? "unknown"}`);
  const fix = "raise it before `up`: ulimit -n 65536 (LimitNOFILE= under systemd)";
  return warn("open files", `limit ${limit}`, fix);
}

function openFilesLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return line ? Number(line[1]) : undefined;
  } catch {
    // No /proc: said by another check.
    return undefined;
  }
}
