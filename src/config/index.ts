/**
 * The fleet file: what people write, what it means, and where each value came from. One schema,
 * one precedence; the rest of the house sees only the effective `Fleet`.
 */
export type * from "./fleet.ts";
export { createTopology, type Topology } from "./topology.ts";
