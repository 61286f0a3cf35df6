/**
 * Reliability files have two readers. The in-process engine takes its own section and what concerns
 * the calls of services; the daemon takes the rest. Each leaves the other's keys alone, and what is
 * a key of neither is a mistake to both.
 */
import { failed, type Result, success } from "../kernel/index.ts";
import {
  type EngineEntry,
  entriesOfReliabilityConfig,
  entriesOfReliabilityFile,
  mapServices,
  pick,
} from "./engine-entries.ts";
import type { ConfigProblem } from "./problem.ts";
import { type ConfigText, readYaml } from "./read-yaml.ts";
import { reliabilityConfigProblems, withoutLineComments } from "./reliability-config.ts";
import { fleetSchema } from "./schema.ts";
import {
  engineDefaultKeys,
  engineFileSchema,
  engineOnlyKeys,
  engineServiceKeys,
} from "./schema-engine.ts";
import { service as fleetService } from "./schema-service.ts";
import { type MapTree, memberOf, plainOf, type Tree } from "./tree.ts";
import { problem, problemsOf } from "./validate.ts";

/**
 * What the file says to the in-process engine, or every mistake in it. `.json` files are read as
 * `.reliability-config.json`, all others as `config/reliability.yml`.
 */
export function readEngineFile(
  file: ConfigText,
): Result<readonly EngineEntry[], readonly ConfigProblem[]> {
  const isJson = file.path.endsWith(".json");
  const text = isJson ? withoutLineComments(file.text) : file.text;
  const read = readYaml({ path: file.path, text });
  if (!read.ok) return failed(read.error);
  if (isJson) {
    const problems = reliabilityConfigProblems(read.value);
    return problems.length > 0 ? failed(problems) : success(entriesOfReliabilityConfig(read.value));
  }
  const own = ownPart(read.value);
  const problems = [...complaintsAbout(own).map(placed), ...misplacedDefaults(read.value)];
  return problems.length > 0 ? failed(problems) : success(entriesOfReliabilityFile(own));
}

const defaultsFix = "write it below `engine.defaults`, for all services, or below `services.NAME`";

/** Settings of calls that stand at the top, or right below `engine`, are meant for all. */
function placed(found: ConfigProblem): ConfigProblem {
  const key = found.key.replace(/^engine\./, "");
  const isUnknown = found.message === `unknown key "${key}"`;
  if (!isUnknown || !engineDefaultKeys.includes(key)) return found;
  return { ...found, message: `"${key}" means nothing here`, fix: defaultsFix };
}

/** `defaults` at the top is the daemon's, and has other keys. */
function misplacedDefaults(tree: MapTree): readonly ConfigProblem[] {
  const written = memberOf(tree, "defaults");
  if (written?.kind !== "map") return [];
  const keys = [...written.members.keys()].filter((key) => engineDefaultKeys.includes(key));
  return keys.map((key) => {
    const message = `"${key}" means nothing here: these defaults are the daemon's`;
    return problem(tree, ["defaults", key], { message, fix: defaultsFix, at: "key" });
  });
}

export interface SplitFile {
  /** What the daemon reads. */
  readonly tree: MapTree;
  /** Mistakes in what it does not read. */
  readonly problems: readonly ConfigProblem[];
}

/** A reliability file without what is the engine's alone. */
export function withoutEnginePart(tree: MapTree): SplitFile {
  const isEngineOnly = (key: string): boolean => engineOnlyKeys.includes(key);
  const only = pick(onlyMaps(mapServices(tree, (service) => pick(service, isEngineOnly))), (key) =>
    ["engine", "services"].includes(key),
  );
  const rest = mapServices(tree, (service) => {
    const kept = pick(service, (key) => !isEngineOnly(key));
    return withStrategyList(kept);
  });
  return { tree: pick(rest, (key) => key !== "engine"), problems: complaintsAbout(only) };
}

/** Keys of the daemon alone are left out; what nobody knows stays, and is complained about. */
function ownPart(tree: MapTree): MapTree {
  const isOurs = (key: string): boolean =>
    Object.hasOwn(engineFileSchema.shape, key) || !Object.hasOwn(fleetSchema.shape, key);
  const isOursInService = (key: string): boolean =>
    engineServiceKeys.includes(key) || !Object.hasOwn(fleetService.shape, key);
  return pick(
    mapServices(tree, (service) => pick(service, isOursInService)),
    isOurs,
  );
}

/** What is no map in the place of a service is complained about by the fleet's own schema. */
function onlyMaps(tree: MapTree): MapTree {
  const services = memberOf(tree, "services");
  if (services === undefined) return tree;
  if (services.kind !== "map") return pick(tree, (key) => key !== "services");
  const maps = pick(services, (key) => memberOf(services, key)?.kind === "map");
  return { ...tree, members: new Map(tree.members).set("services", maps) };
}

function complaintsAbout(tree: MapTree): readonly ConfigProblem[] {
  const parsed = engineFileSchema.safeParse(plainOf(tree));
  return parsed.success ? [] : problemsOf(tree, [], parsed.error.issues);
}

/** `restart, reconnect` in one text is a list to the fleet. */
function withStrategyList(service: MapTree): MapTree {
  const written = memberOf(service, "recovery_strategy");
  if (written?.kind !== "scalar" || typeof written.value !== "string") return service;
  if (!written.value.includes(",")) return service;
  const items = written.value
    .split(",")
    .map((word): Tree => ({ kind: "scalar", value: word.trim(), origin: written.origin }));
  const list: Tree = { kind: "list", items, origin: written.origin };
  return { ...service, members: new Map(service.members).set("recovery_strategy", list) };
}
