/**
 * `package.json`: the scripts that keep running are services; the others are left alone. Of several
 * that run the same in different surroundings (`start`, `start:dev`, `start:prod`) one is taken.
 */
import { readCommandLine } from "./command-line.ts";
import {
  type Draft,
  type DraftPart,
  draftName,
  nothing,
  recordOf,
  textOf,
  wholeFile,
} from "./draft.ts";

const surroundings: readonly string[] = [
  "prod",
  "production",
  "staging",
  "dev",
  "development",
  "local",
  "debug",
  "watch",
  "test",
  "ci",
];
const runs = /^(start|serve|server|worker|daemon)(:[\w:-]+)?$/;

export function fromPackageJson(text: string, file = "package.json"): Draft {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Somebody else's file is not ours to complain about at length.
    return {
      ...nothing,
      unmapped: [{ source: file, key: wholeFile, why: "it is not valid JSON" }],
    };
  }
  const manifest = recordOf(parsed);
  const scripts = Object.entries(recordOf(manifest["scripts"]));
  const names = scripts.map(([name]) => name).filter((name) => runs.test(name));
  const takenFor = (name: string): string => chosen(names.filter((each) => isSame(each, name)));
  const isService = ([name]: readonly [string, unknown]): boolean =>
    runs.test(name) && takenFor(name) === name;
  return {
    services: scripts.filter(isService).flatMap(([name, line]) => {
      const script = textOf(line);
      return script === undefined ? [] : [serviceOf({ name, script, file, manifest })];
    }),
    resources: [],
    unmapped: scripts
      .filter((script) => !isService(script))
      .map(([name]) => ({
        source: file,
        key: `scripts.${name}`,
        why: runs.test(name)
          ? `the same as ${takenFor(name)} in other surroundings`
          : "not something that keeps running",
      })),
  };
}

/** `start` of `start`, `start:dev` and `start:prod`; all of `start:api`. */
function baseOf(name: string): string {
  const [first = "", ...rest] = name.split(":");
  return [first, ...rest.filter((word) => !surroundings.includes(word))].join(":");
}

function isSame(one: string, other: string): boolean {
  return baseOf(one) === baseOf(other);
}

/** What is meant for production, else what needs no further word, else the first. */
function chosen(names: readonly string[]): string {
  const forProduction = names.find((name) => /:prod(uction)?$/.test(name));
  return forProduction ?? names.find((name) => name === baseOf(name)) ?? names[0] ?? "";
}

interface Script {
  readonly name: string;
  readonly script: string;
  readonly file: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

function serviceOf({ name, script, file, manifest }: Script): DraftPart {
  const whole = textOf(manifest["name"]) ?? "app";
  const base = baseOf(name);
  const own = base === "start" ? whole : base.replace(/^(start|serve):/, "");
  const { command, env, needsShell } = readCommandLine(script);
  // Only npm knows where the programs of packages are.
  const isDirect = !needsShell && /^(node|\.{0,2}\/|deno |bun )/.test(String(command));
  const { PORT: port, ...others } = env;
  return {
    name: draftName(own),
    keys: {
      command: isDirect ? command : `npm run --silent ${name}`,
      ...(port !== undefined && isDirect ? { listen: Number(port) } : {}),
      ...(Object.keys(others).length > 0 && isDirect ? { env: others } : {}),
    },
    remarks: [`From ${file}, script "${name}": ${script}`],
  };
}
