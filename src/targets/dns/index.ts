/**
 * DNS: the sensor that resolves a name and compares the answers with what was declared. How our
 * own connections resolve their names is in `resolve-host.ts`.
 */
export { createDnsSensor } from "./sensors.ts";
