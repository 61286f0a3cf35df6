/**
 * What went wrong beside the calls is never silent: it is an event, and where nobody listens a
 * warning of the process. Nobody reads more than some of those.
 */
import type { EngineEventHub, Notice } from "../events.ts";

const warningsMax = 20;

export function tellOrWarn(
  events: EngineEventHub,
  name: "configuration" | "state",
  code: `SOULMIRROR_${string}` = `SOULMIRROR_${name.toUpperCase()}`,
): (notice: Notice) => void {
  let warnings = 0;
  return (notice) => {
    if (events.has(name)) events.emit(name, notice);
    else if ((warnings += 1) <= warningsMax)
      process.emitWarning(notice.message, { type: "SoulMirrorWarning", code });
  };
}
