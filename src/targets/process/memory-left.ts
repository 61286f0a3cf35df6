/**
 * How much memory a service without a limit of its own may still take: what the machine has left,
 * or what the control groups of the daemon have, for its services live below them.
 *
 * One answer serves all services for a second. A leak of a gigabyte a second is seen all the same.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../../kernel/index.ts";
import { findHierarchies } from "./cgroups.ts";

export interface MemoryLeftOptions {
  readonly clock: Clock;
  /** Where the kernel shows its figures; default /proc. */
  readonly procRoot?: string;
  /** The daemon's own groups; default those that it is in. */
  readonly groups?: readonly string[];
}

const freshMs = 1000;

/** Version 1 writes a number near 2^63 where there is no limit, version 2 a word. */
const limitMax = 2 ** 60;

/** Undefined where the kernel does not tell. */
export function createMemoryLeft(options: MemoryLeftOptions): () => number | undefined {
  const { clock, procRoot = "/proc" } = options;
  const limited = (options.groups ?? ownGroups()).flatMap(withLimitAbove);
  let known: { readonly bytes: number | undefined; readonly atMs: number } | undefined;
  return () => {
    const atMs = clock.now().monotonicMs;
    if (known === undefined || atMs - known.atMs >= freshMs) {
      const lefts = [available(procRoot), ...limited.map(leftIn)].filter(
        (bytes) => bytes !== undefined,
      );
      known = { bytes: lefts.length > 0 ? Math.min(...lefts) : undefined, atMs };
    }
    return known.bytes;
  };
}

function ownGroups(): readonly string[] {
  const groups = findHierarchies().filter(
    ({ controller, version }) => controller === "memory" || version === 2,
  );
  return [...new Set(groups.map(({ path }) => path))];
}

/** Limits are looked for once: that somebody sets one below a running daemon is rare. */
function withLimitAbove(group: string): readonly string[] {
  const found: string[] = [];
  for (let path = group; path !== "/"; path = dirname(path)) {
    if ((limitOf(path) ?? limitMax) < limitMax) found.push(path);
  }
  return found;
}

function limitOf(group: string): number | undefined {
  return numberIn(group, "memory.max") ?? numberIn(group, "memory.limit_in_bytes");
}

/** What only caches files is given back before anything fails. */
function leftIn(group: string): number | undefined {
  const limit = limitOf(group);
  const used = numberIn(group, "memory.current") ?? numberIn(group, "memory.usage_in_bytes");
  if (limit === undefined || used === undefined) return undefined;
  const stat = read(join(group, "memory.stat"));
  // In version 1 the plain figure leaves out the groups below.
  const cached = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat);
  return Math.max(0, limit - used + Number(cached?.[1] ?? 0));
}

function available(procRoot: string): number | undefined {
  const kilobytes = /^MemAvailable: +(\d+) kB/m.exec(read(join(procRoot, "meminfo")))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function numberIn(group: string, name: string): number | undefined {
  const text = read(join(group, name)).trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not this version of control groups, or not shown to us.
    return "";
  }
}
