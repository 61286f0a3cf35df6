/**
 * Prometheus and OpenMetrics text: the sensor that holds series against thresholds, and the one
 * that reads how much work is done and how much waits.
 */
export { createPrometheusSensor } from "./sensors.ts";
export { createWorkSensor } from "./work-sensor.ts";
