/** What of this machine matters to SoulMirror. Looks only; changes nothing. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { formatBytes } from "../kernel/index.ts";
import { bootId, processIdentity, realClock } from "../system/index.ts";
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

function controlGroups(): DoctorCheck {
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) {
    const controllers = readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").trim();
    return ok("cgroups", `version 2 (${controllers || "no controllers"})`);
  }
  const isThere = ["memory", "pids"].filter((name) => existsSync(`/sys/fs/cgroup/${name}`));
  if (isThere.length > 0) return ok("cgroups", `version 1 (${isThere.join(", ")})`);
  const fix =
    "limits are polled every 250 ms instead; mount cgroups to have the kernel enforce them";
  return warn("cgroups", "none found", fix);
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
