/** What changed in the settings, and what is wrong with them, as events. */
import type { EngineEventHub } from "../events.ts";
import type { SettingProblem, SettingsNews } from "../settings/index.ts";

type News = Pick<SettingsNews, "changes" | "problems">;

/** Mistakes are told when they come up, and not again with every change of something else. */
export function settingsTeller(events: EngineEventHub): (news: News) => void {
  let told: ReadonlySet<string> = new Set();
  return ({ changes, problems }) => {
    const words = problems.map(wordsOf);
    for (const message of words) {
      if (!told.has(message)) events.emit("configuration", { subject: "refused", message });
    }
    told = new Set(words);
    tellChanges(events, changes);
  };
}

function wordsOf({ file, line, column, key, message, fix }: SettingProblem): string {
  const where = line > 0 ? `${file}:${line}:${column}` : file;
  return `${where} ${key}: ${message}; ${fix}`;
}

function tellChanges(events: EngineEventHub, changes: SettingsNews["changes"]): void {
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
