/**
 * A limit on descriptors is set by `prlimit`, which becomes the service itself (the pid stays).
 * Where none is declared there is one all the same: the kernel's, which a service inherits.
 */
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

/** At how many descriptors the kernel refuses the next one; undefined when nothing is known. */
export function softLimit(pid: number): number | undefined {
  return limitsOf(String(pid))?.soft;
}

function hardLimit(): number {
  // Nothing known: let the tool find out.
  return limitsOf("self")?.hard ?? Number.MAX_SAFE_INTEGER;
}

function limitsOf(process: string): { soft: number; hard: number } | undefined {
  try {
    const text = readFileSync(`/proc/${process}/limits`, "utf8");
    const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(text) ?? [];
    const number = (word: string | undefined): number =>
      word === undefined || word === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(word);
    return { soft: number(soft), hard: number(hard) };
  } catch {
    // Gone, or somebody else's.
    return undefined;
  }
}
