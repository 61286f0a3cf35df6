/**
 * Dead-man switches: `Heartbeats` takes the reports that come in over the API and remembers them
 * over restarts, and the sensor says who has been silent for too long.
 */
export {
  type Beats,
  type HeartbeatMemory,
  Heartbeats,
  type HeartbeatsOptions,
} from "./heartbeats.ts";
export { createHeartbeatSensor, type HeartbeatSensorOptions } from "./sensors.ts";
