/** What changed in the settings, and what is wrong with them, as events. */
import type { EngineEventHub } from "../events.ts";
import { lineOf, type SettingsNews } from "../settings/index.ts";
import { tellOrWarn } from "./tell-or-warn.ts";

type News = Pick<SettingsNews, "changes" | "problems">;

/** Mistakes are told when they come up, and not again with every change of something else. */
export function settingsTeller(events: EngineEventHub): (news: News) => void {
  const tell = tellOrWarn(events, "configuration");
  let told: ReadonlySet<string> = new Set();
  return ({ changes, problems }) => {
    const words = problems.map(lineOf);
    for (const message of words) {
      if (!told.has(message)) tell({ subject: "refused", message });
    }
    told = new Set(words);
    tellChanges(events, changes);
  };
}

function tellChanges(events: EngineEventHub, changes: SettingsNews["changes"]): void {
  const told = new Set<string>();
  for (const { key, name, before, after, from } of changes) {
    const message = `${key}: ${show(before)} is now ${show(after)} (${from})`;
    // What is said of an operation is said of each place that its name may stand for.
    if (told.has(message)) continue;
    told.add(message);
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
