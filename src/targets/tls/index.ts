/**
 * TLS: the sensor that reports how long the certificate of a server is valid and what is wrong
 * with it.
 */
export { createTlsSensor } from "./sensors.ts";
