/**
 * Commands that the fleet file declares: run as they are written, without a shell, in a process
 * group of their own that ends at the deadline. One starter (`runCommand`) serves all of them.
 */
export { type CommandEffectorOptions, createCommandEffector } from "./effectors.ts";
export { type CommandEnd, type CommandRequest } from "./run-command.ts";
export { createCommandSensor } from "./sensors.ts";
