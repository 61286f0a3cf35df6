/** What an engine is told, from code, files and the environment, and what holds in the end. */
export { builtIn } from "./built-in.ts";
export {
  type CallOptionsInCode,
  type EngineOptionsInCode,
  engineOptionReaders,
  entriesInCode,
  layerOfCode,
  type ServiceOptionsInCode,
  serviceOptionReaders,
} from "./code-options.ts";
export { builtInDefault, EngineSettings, type Explained } from "./engine-settings.ts";
export type { OperationSettings } from "./operation-settings.ts";
export type { Entry, Layer, Part, SettingName } from "./setting.ts";
export { lineOf, mistakeIn, type SettingProblem } from "./setting-problem.ts";
export { type SettingsNews, SettingsSource } from "./settings-source.ts";
