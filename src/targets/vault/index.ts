/** Vaults, as who works in them says how they are. Kind `vault`. */
export { createVaultSensor } from "./sensors.ts";
