/**
 * `soulmirror`: the engine inside of a service. Loading it loads no package; frameworks, drivers
 * and AI providers are behind subpaths of their own.
 */
export {
  createEngine,
  type EngineOptions,
  InfrastructureReliabilityEngine,
  type WrapOptions,
} from "../engine/index.ts";
