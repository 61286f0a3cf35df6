/**
 * The fleet file: what people write, what it means, and where each value came from. One schema,
 * one precedence; the rest of the house sees only the effective `Fleet`.
 */

export {
  diffFleets,
  type FleetChange,
  type FleetDifference,
  type KeyChange,
} from "./diff-fleets.ts";
export type { EngineEntry } from "./engine-entries.ts";
export { readEngineFile } from "./engine-file.ts";
export type { Explanation } from "./explain.ts";
export type * from "./fleet.ts";
export { goodLooksFor } from "./good-looks.ts";
export { type FoundHook, findHook, hookReference } from "./hook-reference.ts";
export { isJob } from "./job.ts";
export { fleetJsonSchema } from "./json-schema.ts";
export { type LoadedFleet, loadFleet } from "./load-fleet.ts";
export { maskedFleet } from "./mask.ts";
export { passphraseVariables } from "./passphrase-variables.ts";
export { type ConfigProblem, formatProblem } from "./problem.ts";
export type { ConfigText } from "./read-yaml.ts";
export { asksOf, isRemote, watchesNetwork } from "./remote.ts";
export { knownStrategy } from "./resolve-hooks.ts";
export { type ReadSecretFile, readSecret, type SecretPlaces } from "./secret.ts";
export { type ConfigSetting, type ConfigSources, companionFiles } from "./sources.ts";
export { joinWords, splitWords } from "./split-words.ts";
export { createTopology, type Topology } from "./topology.ts";
export type * from "./vault-spec.ts";
