/**
 * Dead-man switches: `Heartbeats` takes the reports that come in over the API and remembers them
 * over restarts, and the sensor says who has been silent for too long.
 */
export { type Beats, type HeartbeatMemory, Heartbeats } from "./heartbeats.ts";
export { createHeartbeatSensor } from "./sensors.ts";
