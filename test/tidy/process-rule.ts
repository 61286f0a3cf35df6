/**
 * Starting a process is dangerous, so every file that may do it stands in one table with its
 * reason. A service is started by one file only: the restart strategy has one executor, and nobody
 * can bring a service back behind the planner's back. No command ever goes through a shell.
 */
import { importsOf } from "./imports.ts";
import type { Rule, SourceFile, Violation } from "./source.ts";
import { isCode, isTest, lineAt, type Node, nameOf, nodesOf } from "./source.ts";

interface Permission {
  readonly under: string;
  /** How many files below `under` may import node:child_process. */
  readonly filesMax: number;
  readonly reason: string;
}

const permissions: readonly Permission[] = [
  { under: "src/targets/process/", filesMax: 1, reason: "the one starter of services" },
  { under: "src/targets/command/", filesMax: 1, reason: "command checks and remedies" },
  { under: "src/platform/proxy/", filesMax: 1, reason: "starts the proxy process" },
  { under: "src/platform/locations/sftp/", filesMax: 1, reason: "speaks through the system's ssh" },
  { under: "src/platform/heal-facts/", filesMax: 1, reason: "asks git what it expects" },
  { under: "src/platform/tree/", filesMax: 1, reason: "attributes, devices, exact times" },
  { under: "src/custodian/streams/", filesMax: 1, reason: "receivers of the logs of databases" },
  { under: "src/custodian/", filesMax: 1, reason: "pg_dump, and the other tools of databases" },
  { under: "src/chaos/", filesMax: 1, reason: "the drill breaks real processes" },
  { under: "src/cli/init/", filesMax: 1, reason: "runs ecosystem files to know them" },
  { under: "src/cli/", filesMax: 1, reason: "`up` puts the daemon into the background" },
];

const processModules: ReadonlySet<string> = new Set(["node:child_process", "node:cluster"]);
const shellNames: ReadonlySet<string> = new Set(["exec", "execSync"]);

export const processRule: Rule = {
  name: "processes",
  check: (tree) => {
    const code = tree.filter((file) => isCode(file) && file.path.startsWith("src/"));
    return [...starters(code.filter((file) => !isTest(file))), ...code.flatMap(shells)];
  },
};

function starters(code: readonly SourceFile[]): readonly Violation[] {
  const used = new Map<Permission, string[]>();
  return code.flatMap((file) => {
    const found = importsOf(file).find(
      (each) => processModules.has(each.specifier) && !each.isType,
    );
    if (found === undefined) return [];
    const permission = permissions.find(({ under }) => file.path.startsWith(under));
    if (permission === undefined) {
      const message =
        "imports node:child_process; let src/targets/process start services and hand other " +
        "starters in, or add a line with its reason to test/tidy/process-rule.ts";
      return [{ path: file.path, line: found.line, message }];
    }
    const others = used.get(permission) ?? [];
    used.set(permission, [...others, file.path]);
    if (others.length < permission.filesMax) return [];
    const message = `is a second starter beside ${others.join(", ")} (${permission.reason}): use that one`;
    return [{ path: file.path, line: found.line, message }];
  });
}

function shells(file: SourceFile): readonly Violation[] {
  const imported = importsOf(file).flatMap((found) =>
    found.specifier === "node:child_process" && found.names.some((name) => shellNames.has(name))
      ? [found.line]
      : [],
  );
  const options = nodesOf(file, "Property").filter(asksForShell);
  return [...imported, ...options.map((node) => lineAt(file, node.start))].map((line) => ({
    path: file.path,
    line,
    message: "runs a command through a shell; give the program and its arguments as a list",
  }));
}

function asksForShell(node: Node): boolean {
  const value = node["value"] as Node;
  return nameOf(node["key"]) === "shell" && value.type === "Literal" && value["value"] === true;
}
