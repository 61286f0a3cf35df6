/** Values that are right by themselves and do nothing where they stand. */
import { formatDuration } from "../../kernel/index.ts";
import { daemonSays } from "../control/index.ts";
import type { EngineSettings, SettingProblem } from "../settings/index.ts";

/** Of the engine as a whole, or of one service with its methods. */
export function idleValues(settings: EngineSettings, service?: string): readonly SettingProblem[] {
  const places =
    service === undefined
      ? [{}]
      : [undefined, ...settings.methodsOf(service)].map((method) => ({ service, method }));
  return places.flatMap((place) => [
    ...limitedToNothing(settings, place),
    ...delayAboveMax(settings, place),
  ]);
}

interface Place {
  readonly service?: string;
  readonly method?: string | undefined;
}

function limitedToNothing(settings: EngineSettings, place: Place): readonly SettingProblem[] {
  const said = settings.saidMost("mode", place);
  if (said === undefined || isFromOutside(said)) return [];
  const { mode } = settingsAt(settings, place);
  if (mode !== "limited" || settings.namesParts(place)) return [];
  const where = place.service === undefined ? "engine.limited_to" : "limited_to beside it";
  const fix = `name them in ${where} (in code limitedTo), or choose full or monitor`;
  return [{ ...said, message: "mode limited lets nothing act: no part is named", fix }];
}

function delayAboveMax(settings: EngineSettings, place: Place): readonly SettingProblem[] {
  const said = settings.saidMost("retry.delayMs", place);
  if (said === undefined || isFromOutside(said)) return [];
  const { delayMs, delayMaxMs } = settingsAt(settings, place).retry;
  if (delayMs <= delayMaxMs) return [];
  const [asked, longest] = [formatDuration(delayMs), formatDuration(delayMaxMs)];
  const message = `a delay of ${asked} is above the longest one, and is cut to ${longest}`;
  const fix = `set retry.delay_max (in code retry.delayMax) to ${asked} or more`;
  return [{ ...said, message, fix }];
}

function settingsAt(settings: EngineSettings, { service, method }: Place) {
  return service === undefined ? settings.defaults : settings.settingsOf(service, method);
}

/** What the daemon says is checked there, and stands for every place that a name may mean. */
export function isFromOutside({ file }: Pick<SettingProblem, "file">): boolean {
  return file.startsWith(daemonSays);
}
