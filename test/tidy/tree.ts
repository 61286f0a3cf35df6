/**
 * Reads the repository as the rules see it: every file that git knows or would add. A copy without
 * git (a source archive) is walked instead, without what is generated.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { SourceFile } from "./source.ts";

const generatedNames: ReadonlySet<string> = new Set([
  "node_modules",
  "dist",
  "coverage",
  ".git",
  ".soulmirror",
]);

export function readTree(root: string): readonly SourceFile[] {
  const paths = existsSync(path.join(root, ".git")) ? trackedPaths(root) : walkedPaths(root, "");
  return paths
    .filter((name) => existsSync(path.join(root, name)))
    .map((name) => ({ path: name, bytes: readFileSync(path.join(root, name)) }))
    .filter(({ bytes }) => !bytes.includes(0))
    .map(({ path: name, bytes }) => ({ path: name, text: bytes.toString("utf8") }));
}

function trackedPaths(root: string): readonly string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    // Git refuses a checkout of another user; this names it safe for one call.
    env: {
      ...process.env,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: root,
    },
  });
  return listed.split("\0").filter((name) => name !== "");
}

function walkedPaths(root: string, folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (generatedNames.has(entry.name)) return [];
    if (entry.isDirectory()) return walkedPaths(root, name);
    return entry.isFile() ? [name] : [];
  });
}
