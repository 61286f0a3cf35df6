/**
 * Everything that has a say, in the order of its say: reliability files < fleet file < environment
 * < command line < runtime changes < switches that are off. What comes out is one tree.
 */
import type { Json } from "../kernel/index.ts";
import { withoutEnginePart } from "./engine-file.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { parseKey } from "./key-path.ts";
import { mergeTrees } from "./merge.ts";
import type { ConfigProblem } from "./problem.ts";
import { type ConfigText, readYaml } from "./read-yaml.ts";
import { fromReliabilityConfig, withoutLineComments } from "./reliability-config.ts";
import type { ReadSecretFile } from "./secret.ts";
import { emptyMap, type MapTree, memberOf, type Tree, treeAt, treeOf, withMember } from "./tree.ts";
import type { VaultAgent } from "./vault-spec.ts";

export interface ConfigSources {
  /**
   * In any order. `.reliability-config.json` and `reliability.yml` are known by their names; all
   * others are fleet files, later ones over earlier ones.
   */
  readonly files: readonly ConfigText[];
  readonly environment?: Environment;
  readonly flags?: readonly ConfigSetting[];
  readonly runtime?: readonly ConfigSetting[];
  /** Absolute path of the folder that relative paths start from: that of the fleet file. */
  readonly baseDir: string;
  /** Reads the files in which secrets are kept; without it there are none. */
  readonly readSecretFile?: ReadSecretFile;
  /** What keeps a vault; without it nobody does. */
  readonly vaultAgent?: VaultAgent;
  /** A collision-resistant hash, in hex. */
  readonly hash: (text: string) => string;
}

/** Beside the fleet file; they have a say when they are there. */
export const companionFiles: readonly string[] = [
  "config/reliability.yml",
  ".reliability-config.json",
];

/** `{ key: "api.port", value: 5051, name: "--port" }` */
export interface ConfigSetting {
  readonly key: string;
  readonly value: Json;
  readonly name?: string;
}

export interface Gathered {
  readonly tree: MapTree;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

export function gather(sources: ConfigSources): Gathered {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const files = [...sources.files].sort((a, b) => rankOf(a) - rankOf(b));
  let tree = emptyMap();
  for (const file of files) {
    const read = readFile(file);
    problems.push(...read.problems);
    tree = mergeTrees(tree, read.tree);
  }
  const environment = readEnvironment(sources.environment ?? {}, tree);
  problems.push(...environment.problems);
  warnings.push(...environment.warnings);
  tree = mergeTrees(tree, environment.settings);
  for (const setting of sources.flags ?? []) {
    tree = set(tree, setting, { kind: "flag", name: setting.name ?? `--${setting.key}` });
  }
  for (const setting of sources.runtime ?? []) tree = set(tree, setting, { kind: "runtime" });
  tree = mergeTrees(tree, environment.switches);
  const placed = { ...tree, origin: tree.origin.kind === "file" ? tree.origin : rootOrigin(tree) };
  return { tree: withServiceDefaults(withoutStrangers(placed, warnings)), problems, warnings };
}

function rankOf({ path }: ConfigText): number {
  if (isReliabilityFile(path)) return 0;
  return isReliabilityConfig(path) ? 1 : 2;
}

function isReliabilityConfig(path: string): boolean {
  return /(^|\/)\.?reliability-config\.json$/.test(path);
}

function isReliabilityFile(path: string): boolean {
  return /(^|\/)\.?reliability\.ya?ml$/.test(path);
}

function readFile(file: ConfigText): {
  readonly tree: MapTree;
  readonly problems: readonly ConfigProblem[];
} {
  const isForeign = isReliabilityConfig(file.path);
  const text = isForeign ? withoutLineComments(file.text) : file.text;
  const read = readYaml({ path: file.path, text });
  if (!read.ok) return { tree: emptyMap(), problems: read.error };
  if (isForeign) return fromReliabilityConfig(read.value);
  return isReliabilityFile(file.path)
    ? withoutEnginePart(read.value)
    : { tree: read.value, problems: [] };
}

function set(tree: MapTree, setting: ConfigSetting, origin: Tree["origin"]): MapTree {
  return mergeTrees(tree, treeAt(parseKey(tree, setting.key), treeOf(setting.value, origin)));
}

/** Merging gives the root the origin of the last source; problems at the root want a file. */
function rootOrigin(tree: MapTree): Tree["origin"] {
  for (const member of tree.members.values()) {
    if (member.origin.kind === "file") return { ...member.origin, offset: 0, keyOffset: 0 };
  }
  return tree.origin;
}

/** A reliability file may describe services that run inside of others; they are not ours to run. */
function withoutStrangers(tree: MapTree, warnings: string[]): MapTree {
  const services = memberOf(tree, "services");
  if (services?.kind !== "map") return tree;
  const members = new Map(services.members);
  for (const [name, service] of members) {
    const { origin } = service;
    if (service.kind !== "map" || service.members.has("command") || origin.kind !== "file")
      continue;
    if (!isReliabilityFile(origin.source.path)) continue;
    members.delete(name);
    warnings.push(`${origin.source.path}: service ${name} has no command and is left out`);
  }
  return withMember(tree, "services", { ...services, members });
}

/** `defaults.services` under every service. */
function withServiceDefaults(tree: MapTree): MapTree {
  const defaults = memberOf(memberOf(tree, "defaults"), "services");
  const services = memberOf(tree, "services");
  if (defaults?.kind !== "map" || services?.kind !== "map") return tree;
  const members = new Map<string, Tree>();
  for (const [name, service] of services.members) {
    const own = service.kind === "map";
    members.set(name, own ? mergeTrees(defaults, service, { strictModes: false }) : service);
  }
  return withMember(tree, "services", { ...services, members });
}
