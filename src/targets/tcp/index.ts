/**
 * TCP: the sensor that knocks at a port. What is said over the connection is for other kinds.
 */

export { createConnectivitySensor } from "./connectivity.ts";
export { createTcpSensor } from "./sensors.ts";
