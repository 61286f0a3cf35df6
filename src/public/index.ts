/** `soulmirror`: the engine inside of a service. Loads no package. */
export {
  createEngine,
  type EngineOptions,
  InfrastructureReliabilityEngine,
  type WrapOptions,
} from "../engine/index.ts";
