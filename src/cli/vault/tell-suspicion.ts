import { formatDuration } from "../../kernel/index.ts";
import type { Suspicion } from "../../vault/index.ts";
import { counted } from "../counted.ts";

/** Why a backup may have seen too little, in a sentence. */
export function tellSuspicion(suspicion: Suspicion): string {
  switch (suspicion.kind) {
    case "unread":
      return `could not read everything (${suspicion.count}), first of all ${suspicion.first}`;
    case "short":
      return `${counted(suspicion.count, "file")} ended before its size said, the first: ${suspicion.first}`;
    case "vanished":
      return `${counted(suspicion.files, "file")} in ${suspicion.source} where the last run saw ${suspicion.before}`;
    case "mount":
      return `${suspicion.source} is on another file system than before: ${suspicion.mount}, not ${suspicion.before}`;
    case "clock":
      return `the clock jumped by ${formatDuration(Math.abs(Math.round(suspicion.jumpMs)))}`;
  }
}
