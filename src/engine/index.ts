/** The in-process engine: what a service loads to protect itself. */
export {
  createEngine,
  type EngineOptions,
  InfrastructureReliabilityEngine,
  type WrapOptions,
} from "./engine.ts";
