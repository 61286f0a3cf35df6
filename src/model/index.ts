/**
 * The nouns of the house and the ports to the outside: resources, observations, failures,
 * incidents, plans, actions, verdicts, journal entries; sensors, effectors, store, router.
 * Words mean one thing here and everywhere: see ARCHITECTURE.md.
 */
export * from "./action.ts";
export type * from "./effecting.ts";
export type * from "./entry.ts";
export * from "./experience.ts";
export * from "./failure.ts";
export type * from "./health.ts";
export * from "./incident.ts";
export * from "./observation.ts";
export * from "./patience.ts";
export * from "./request.ts";
export * from "./resource.ts";
export type * from "./router.ts";
export type * from "./rows.ts";
export type * from "./sensing.ts";
export * from "./series.ts";
export * from "./shown-state.ts";
export { type SteeredPart, steeredParts, whoSteers } from "./steered-parts.ts";
export type * from "./steering.ts";
export type * from "./storing.ts";
export type * from "./tried.ts";
