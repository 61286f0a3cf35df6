/** What package.json promises is there: entry points, scripts, the README's table of commands. */
import { missingFrom, type Rule, type SourceFile, type Violation } from "./source.ts";

export const packageRule: Rule = {
  name: "package",
  check: (tree) => {
    const manifest = tree.find((file) => file.path === "package.json");
    if (manifest === undefined) return [{ path: "package.json", message: "is missing" }];
    const paths = tree.map((file) => file.path);
    return [...new Set(namedPaths(JSON.parse(manifest.text)))]
      .filter((name) => !isThere(name, paths))
      .map((name) => ({
        path: "package.json",
        message: `names ${name}, which is not there: write it or take the line out`,
      }));
  },
};

/** `dist/` is built from `src/`, so its source must be there. */
function isThere(name: string, paths: readonly string[]): boolean {
  if (name === "dist") return true;
  const [, first = "", either, last = ""] = /^(.*)\{(.*)\}(.*)$/.exec(name) ?? [];
  if (either !== undefined) {
    return either.split(",").every((each) => isThere(`${first}${each}${last}`, paths));
  }
  const source = name
    .replace(/^dist\/(public|cli)\/bundle\//, "dist/$1/")
    .replace(/^dist\//, "src/")
    .replace(/\.d\.c?ts$/, ".ts")
    .replace(/^(src\/.*)\.js$/, "$1.ts");
  const [before = "", after] = source.split("*");
  if (after !== undefined) {
    return paths.some((each) => each.startsWith(before) && each.endsWith(after));
  }
  return paths.some((each) => each === source || each.startsWith(`${source}/`));
}

function namedPaths(manifest: unknown): readonly string[] {
  const record = isRecord(manifest) ? manifest : {};
  const scripts = isRecord(record["scripts"]) ? Object.values(record["scripts"]) : [];
  return [
    ...["main", "types", "bin", "exports", "files"].flatMap((field) => strings(record[field])),
    ...scripts
      .flatMap(strings)
      .flatMap((script) => script.match(/[\w./-]+\.(?:ts|js|json|yaml)\b/g) ?? []),
  ].map((name) => name.replace(/^!?(?:\.\/)?/, ""));
}

function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

export const commandRule: Rule = {
  name: "commands",
  check: (tree) => {
    const commands = new Set(
      tree.flatMap((file) => /^src\/cli\/commands\/([a-z-]+)\.ts$/.exec(file.path)?.[1] ?? []),
    );
    commands.delete("index");
    const readme = tree.find((file) => file.path === "README.md");
    if (readme === undefined) {
      return [{ path: "README.md", message: "is missing: what, for whom, the two commands" }];
    }
    return compareCommands(commands, listedCommands(readme));
  },
};

function compareCommands(commands: Set<string>, listed: Set<string>): readonly Violation[] {
  return [
    ...missingFrom(listed, commands).map((name) => ({
      path: "README.md",
      message: `has no row for the command: add "| \`soulmirror ${name}\` | what it does |"`,
    })),
    ...missingFrom(commands, listed).map((name) => ({
      path: "README.md",
      message: `lists \`soulmirror ${name}\`, but there is no src/cli/commands/${name}.ts`,
    })),
  ];
}

function listedCommands(readme: SourceFile): Set<string> {
  const rows = readme.text.matchAll(/^\| *`(?:npx )?soulmirror ([a-z-]+)/gm);
  return new Set([...rows].map((found) => found[1] ?? ""));
}
