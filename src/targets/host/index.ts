/**
 * The machine itself: processor, memory, pressure, disks, network, descriptors and the clock, read
 * straight from the kernel. What a single process uses is for `process/`.
 */
export { createPressureSensor } from "./pressure-sensor.ts";
export { createHostSensor } from "./sensors.ts";
