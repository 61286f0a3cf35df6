/** A limit on descriptors is set by `prlimit`, which becomes the service itself (the pid stays). */
import { existsSync, readFileSync } from "node:fs";

const tools = ["/usr/bin/prlimit", "/bin/prlimit"];

/** The words before the command; none where the tool is missing: the limit is polled then. */
export function descriptorPrefix(limit: number | undefined): readonly string[] {
  if (limit === undefined) return [];
  const tool = tools.find((path) => existsSync(path));
  if (tool === undefined) return [];
  // Raising our own hard limit would need a right that even root may lack.
  const allowed = Math.min(Math.floor(limit), hardLimit());
  return [tool, `--nofile=${allowed}:${allowed}`, "--"];
}

function hardLimit(): number {
  try {
    const text = readFileSync("/proc/self/limits", "utf8");
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
    return hard === undefined || hard === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(hard);
  } catch {
    // Nothing known: let the tool find out.
    return Number.MAX_SAFE_INTEGER;
  }
}
