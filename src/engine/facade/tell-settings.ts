/** What changed in the settings, and what is wrong with them, as events. */
import type { EngineEventHub } from "../events.ts";
import type { SettingsNews } from "../settings/index.ts";

export function tellSettings(
  events: EngineEventHub,
  { changes, problems }: Pick<SettingsNews, "changes" | "problems">,
): void {
  for (const { file, line, column, key, message, fix } of problems) {
    const where = line > 0 ? `${file}:${line}:${column}` : file;
    const words = `${where} ${key}: ${message}; ${fix}`;
    events.emit("configuration", { subject: "refused", message: words });
  }
  for (const { key, name, before, after, from } of changes) {
    const message = `${key}: ${show(before)} is now ${show(after)} (${from})`;
    const event = name === "mode" || name.startsWith("switches.") ? "mode" : "configuration";
    events.emit(event, { subject: key, message, details: { before, after, from } });
  }
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** Of which services the settings have changed; undefined: of all. */
export function servicesIn(changes: SettingsNews["changes"]): ReadonlySet<string> | undefined {
  const services = new Set<string>();
  for (const { service } of changes) {
    if (service === undefined) return undefined;
    services.add(service);
  }
  return services;
}
