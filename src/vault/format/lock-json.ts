/** Locks: who works in the repository, and whether others may at the same time. */
import { Damage } from "./damage.ts";
import { formatTime, parseTime } from "./rfc3339.ts";

export interface LockContent {
  readonly timeNs: bigint;
  readonly isExclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export function encodeLock(lock: LockContent): string {
  return JSON.stringify({
    time: formatTime(lock.timeNs),
    exclusive: lock.isExclusive,
    hostname: lock.hostname,
    username: lock.username,
    pid: lock.pid,
    uid: lock.uid || undefined,
    gid: lock.gid || undefined,
  });
}

/** @throws Damage */
export function decodeLock(json: unknown): LockContent {
  if (typeof json !== "object" || json === null) throw new Damage("a lock that is no object");
  const fields = json as Readonly<Record<string, unknown>>;
  const text = (name: string): string => {
    const value = fields[name] ?? "";
    if (typeof value !== "string") throw new Damage(`a lock whose ${name} is not text`);
    return value;
  };
  const count = (name: string): number => {
    const value = fields[name] ?? 0;
    if (!Number.isSafeInteger(value)) throw new Damage(`a lock whose ${name} is not a number`);
    return Number(value);
  };
  return {
    timeNs: parseTime(text("time")),
    isExclusive: fields["exclusive"] === true,
    hostname: text("hostname"),
    username: text("username"),
    pid: count("pid"),
    uid: count("uid"),
    gid: count("gid"),
  };
}
