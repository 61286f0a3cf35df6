/**
 * Watched log files of others: the sensor that follows them over rotation and truncation and counts
 * lines that match. The logs of our own services are written and rotated by `process/`.
 */
export { createLogSensor } from "./sensors.ts";
