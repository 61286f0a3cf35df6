import { InfrastructureReliabilityEngine } from "./engine.ts";
import type { EngineOptions } from "./facade/engine-options.ts";

/** As `new InfrastructureReliabilityEngine`; a text is the path of a configuration file. */
export function createEngine(
  options: EngineOptions | string = {},
): InfrastructureReliabilityEngine {
  return new InfrastructureReliabilityEngine(options);
}
