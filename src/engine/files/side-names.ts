/**
 * The names beside a file. All but the versions are hidden, and live only while somebody writes.
 *
 * N1. A name of a temporary file says which process made it, so that the next writer knows whether
 *     that one is dead: process id, start time and the namespace in which the id means something.
 * N2. No two writers ever take the same one.
 */
import { createHash } from "node:crypto";
import { readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { hasPid, isAlive, processIdentity } from "../../system/index.ts";

/** A name may have 255 bytes: what is put around it takes up to 80. */
const baseBytesMax = 170;

/** `app.json.bak`, `app.json.bak.2`, ...: the newest copy first. */
export function versionPath(target: string, number: number): string {
  const name = `${shortened(basename(target))}.bak`;
  return join(dirname(target), number === 1 ? name : `${name}.${number}`);
}

/** Where a damaged content is put aside. */
export function damagedPath(target: string): string {
  return join(dirname(target), `${shortened(basename(target))}.damaged`);
}

export function lockPath(target: string): string {
  return join(dirname(target), `.${shortened(basename(target))}.lock`);
}

/** What is being appended, for who finds the lock of a dead process. */
export function appendPath(target: string): string {
  return join(dirname(target), `.${shortened(basename(target))}.append`);
}

let made = 0;

/** Keeps N1 and N2. */
export function freshPath(target: string): string {
  made += 1;
  const { namespace, startTicks } = ownMark();
  const mark = `${namespace}-${process.pid}-${startTicks}-${threadId}-${made}`;
  return join(dirname(target), `.${shortened(basename(target))}.${mark}.new`);
}

const freshName = /^\..+\.(\d+)-(\d+)-(\d+)-\d+-\d+\.new$/;

/** True for a temporary file whose maker is dead; a maker in another namespace counts as alive. */
export function isLeftOver(name: string): boolean {
  const found = freshName.exec(name);
  if (found === null) return false;
  const [namespace, pid, startTicks] = found.slice(1).map(Number) as [number, number, number];
  const own = ownMark();
  if (namespace !== own.namespace) return false;
  if (own.startTicks === 0) return !hasPid(pid);
  return !isAlive({ pid, startTicks, bootId: own.bootId });
}

/** The temporary names that the lock itself uses. */
export function isLockDraft(name: string): boolean {
  return /^\..+\.lock(?:\.takeover)*\.[0-9a-f]{12}\+*$/.test(name);
}

interface Mark {
  readonly namespace: number;
  /** 0 where there is no /proc. */
  readonly startTicks: number;
  readonly bootId: string;
}

let knownMark: Mark | undefined;

function ownMark(): Mark {
  if (knownMark !== undefined) return knownMark;
  const identity = processIdentity(process.pid);
  knownMark = {
    namespace: pidNamespace(),
    startTicks: identity?.startTicks ?? 0,
    bootId: identity?.bootId ?? "",
  };
  return knownMark;
}

function pidNamespace(): number {
  try {
    return Number(/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? 0);
  } catch {
    // No /proc: one namespace for all.
    return 0;
  }
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= baseBytesMax) return name;
  return createHash("sha256").update(name).digest("hex");
}
