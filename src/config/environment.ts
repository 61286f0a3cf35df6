/**
 * Environment variables as configuration.
 * `SOULMIRROR_<KEY>` sets any key of the fleet file: `__` goes one level down, case does not
 * count, and `_` stands for `-` in names that exist
 * (`SOULMIRROR_SERVICES__TRUST_ENGINE__INSTANCES`).
 * The other names are those that the in-process engine knows, too; switches that say `false` win
 * over everything.
 */
import { type Json, nearest } from "../kernel/index.ts";
import { mergeTrees } from "./merge.ts";
import type { ConfigProblem } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { fleetSchema } from "./schema.ts";
import { emptyMap, type MapTree, memberOf, plainOf, type Tree, treeAt, treeOf } from "./tree.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentLayers {
  /** Ordinary settings. */
  readonly settings: MapTree;
  /** What is switched off whatever others say. */
  readonly switches: MapTree;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

const prefix = "SOULMIRROR_";

/** They tell programs of ours something else. */
const reserved: ReadonlySet<string> = new Set(
  "CONFIG DATA ENDPOINT INSTANCE LOG_LEVEL RESOURCE SEED SERVICE TOKEN TOKEN_FILE URL".split(" "),
);

/** Milliseconds and counts under the names that the in-process engine has for them. */
const numbers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  HEALTH_CHECK_INTERVAL_MS: [
    ["defaults", "probes", "interval"],
    ["defaults", "resources", "interval"],
  ],
  HEALTH_CHECK_TIMEOUT_MS: [
    ["defaults", "probes", "timeout"],
    ["defaults", "resources", "timeout"],
  ],
  RECOVERY_MAX_RETRY_ATTEMPTS: [["budgets", "per_resource"]],
  RECOVERY_RETRY_BASE_DELAY_MS: [["budgets", "cool_down"]],
};

type Setting = readonly [path: readonly string[], value: Json];

/** What `NAME=false` switches off. */
const switchNames: Readonly<Record<string, (base: MapTree) => readonly Setting[]>> = {
  RELIABILITY_ENGINE_ENABLED: () => [[["mode"], "off"]],
  SELF_HEALING_ENABLED: () => [[["mode"], "monitor"]],
  AUTO_RECOVERY_ENABLED: () => [[["mode"], "monitor"]],
  FAILOVER_STRATEGY_ENABLED: () => [[["strategy_modes", "failover"], "off"]],
  RETRY_STRATEGY_ENABLED: (base) =>
    namesIn(base, "services").map((name) => [["services", name, "auto_retry"], false]),
  HEALTH_MONITORING_ENABLED: (base) => [
    ...namesIn(base, "services").flatMap((name): readonly Setting[] => [
      ...["health_check", "startup", "readiness", "liveness"].map(
        (probe): Setting => [["services", name, probe], "custom"],
      ),
      [["services", name, "work"], []],
    ]),
    ...namesIn(base, "resources").map((name): Setting => [["resources", name, "mode"], "off"]),
  ],
};

/** `base` is what the files say: its names tell what `TRUST_ENGINE` means. */
export function readEnvironment(environment: Environment, base: MapTree): EnvironmentLayers {
  const layers = { settings: emptyMap(), switches: emptyMap() };
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const complain = (name: string, key: string, [message, fix]: readonly [string, string]): void => {
    problems.push({ file: `environment variable ${name}`, line: 0, column: 0, key, message, fix });
  };
  for (const [name, paths] of Object.entries(numbers)) {
    const value = environment[name];
    if (value === undefined || value === "") continue;
    const key = paths[0]?.join(".") ?? "";
    if (!/^\d+$/.test(value)) {
      complain(name, key, [`expected a whole number, found "${value}"`, `write ${name}=5000`]);
    }
    for (const path of paths) layers.settings = put(layers.settings, path, origin(name, +value));
  }
  for (const [name, settings] of Object.entries(switchNames)) {
    const value = environment[name];
    const isOn = switchOf(value);
    if (isOn === undefined) {
      const fix = `write ${name}=false to switch it off`;
      complain(name, "mode", [`expected true or false, found "${value}"`, fix]);
    } else if (!isOn) {
      for (const [path, setting] of settings(base)) {
        layers.switches = put(layers.switches, path, origin(name, setting));
      }
    }
  }
  const own = Object.keys(environment)
    .filter((name) => name.startsWith(prefix))
    .sort();
  for (const name of own) {
    const path = pathOf(name, base);
    const value = environment[name] ?? "";
    if (path.length > 0) layers.settings = put(layers.settings, path, valueOf(name, value, path));
    else warnings.push(...unknownName(name));
  }
  return { ...layers, problems, warnings };
}

function origin(name: string, value: Json): Tree {
  return treeOf(value, { kind: "environment", name });
}

function put(tree: MapTree, path: readonly string[], value: Tree): MapTree {
  return mergeTrees(tree, treeAt(path, value));
}

function namesIn(base: MapTree, key: string): readonly string[] {
  const member = memberOf(base, key);
  return member?.kind === "map" ? [...member.members.keys()] : [];
}

/** Not set counts as on; undefined is neither. */
function switchOf(value: string | undefined): boolean | undefined {
  const word = (value ?? "").trim().toLowerCase();
  if (["", "true", "1", "yes", "on"].includes(word)) return true;
  return ["false", "0", "no", "off"].includes(word) ? false : undefined;
}

/** Empty: it is not a key of the fleet file. */
function pathOf(name: string, base: MapTree): readonly string[] {
  const segments = name.slice(prefix.length).split("__");
  const path: string[] = [];
  let here: Tree | undefined = base;
  for (const [index, segment] of segments.entries()) {
    const isVariable = path.length === 3 && path[2] === "env";
    const found = isVariable ? segment : (likeIn(here, segment) ?? segment.toLowerCase());
    if (index === 0 && !Object.hasOwn(fleetSchema.shape, found)) return [];
    path.push(found);
    here = memberOf(here, found);
  }
  return path;
}

function likeIn(tree: Tree | undefined, segment: string): string | undefined {
  if (tree?.kind !== "map") return undefined;
  const wanted = plainName(segment);
  return [...tree.members.keys()].find((name) => plainName(name) === wanted);
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "_");
}

/** Read as YAML, so that numbers, `true` and `[a, b]` mean what they do in the file. */
function valueOf(name: string, value: string, path: readonly string[]): Tree {
  const isVariable = path[2] === "env";
  if (isVariable || value === "") return origin(name, value);
  const read = readYaml({ path: name, text: `value: ${value}` });
  const tree = read.ok ? memberOf(read.value, "value") : undefined;
  return origin(name, tree === undefined ? value : plainOf(tree));
}

function unknownName(name: string): readonly string[] {
  const rest = name.slice(prefix.length);
  if (reserved.has(rest)) return [];
  const first = rest.split("__")[0] ?? rest;
  const near = nearest(first, Object.keys(fleetSchema.shape));
  const meant = near === undefined ? "" : `; did you mean ${prefix}${near.toUpperCase()}?`;
  return [`${name} is not a key of the fleet file and is ignored${meant}`];
}
