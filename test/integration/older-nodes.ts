/** The Nodes of this machine that are older than the one that the project is developed with. */
import { spawnSync } from "node:child_process";
import path from "node:path";

export interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
}

/** One of each version. */
export function olderNodes(): readonly Runtime[] {
  const found = new Map<string, Runtime>();
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    const node = path.join(folder, "node");
    const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? "";
    const major = Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
    const name = `Node ${version.trim()}`;
    if (major >= 20 && major < 24) found.set(name, { name, command: [node] });
  }
  return [...found.values()];
}

/** A module that is loaded before all others, as the value of `--import`. */
export function preamble(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
