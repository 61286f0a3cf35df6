/** How the daemon that has started a service steers the engine inside. */

export { SteeredEngine, type SteeredEngineOptions } from "./steered-engine.ts";
export { daemonSays, wishEntries } from "./wish-entries.ts";
