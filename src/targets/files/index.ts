/**
 * Files below declared folders. Whatever changes them goes by open folders and never follows a
 * link (see open-folder.ts).
 */
export { type CleanEffectorOptions, createCleanEffector } from "./effectors.ts";
export { createRotateEffector, type RotateEffectorOptions } from "./rotate-effector.ts";
export { createFilesSensor } from "./sensors.ts";
