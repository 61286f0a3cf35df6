/**
 * Prometheus and OpenMetrics text: its parser, the sensor that holds series against thresholds,
 * and the sensor that reads how much work is done and how much waits.
 */
export { type ParsedText, type ParseOptions, parsePrometheus, type Series } from "./parse.ts";
export { createPrometheusSensor } from "./sensors.ts";
export { createWorkSensor } from "./work-sensor.ts";
