/**
 * Vaults, as who works in them says how they are: what was written down is read, and no repository
 * is opened. Kind `vault`.
 */
export { createVaultSensor } from "./sensors.ts";
