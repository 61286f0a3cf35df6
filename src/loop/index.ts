/**
 * The loop: the five stages in one flow (`loop.ts`), and the conductor that runs it on the real
 * world through ports. Nothing here reads a clock or a file by itself.
 */
export { Conductor, type Orchestra } from "./conductor.ts";
export {
  type InstanceView,
  type ResourceView,
  resourcesOf,
  type ServiceState,
  type ServiceView,
  servicesOf,
} from "./fleet-view.ts";
export { type LoopInput, type Tick, tick } from "./loop.ts";
export { createLoopState, type LoopState, type LoopTools, resume } from "./loop-state.ts";
