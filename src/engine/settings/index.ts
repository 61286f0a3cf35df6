/** What an engine is told, from code, files and the environment, and what holds in the end. */
export {
  type CallOptionsInCode,
  type EngineOptionsInCode,
  engineOptionReaders,
  layerOfCode,
  type ServiceOptionsInCode,
  serviceOptionReaders,
} from "./code-options.ts";
export { EngineSettings } from "./engine-settings.ts";
export type { SettingProblem } from "./environment.ts";
export type { OperationSettings } from "./operation-settings.ts";
export type { Entry, Part, SettingName } from "./setting.ts";
export { type SettingsNews, SettingsSource } from "./settings-source.ts";
