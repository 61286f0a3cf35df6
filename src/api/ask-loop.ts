import { SoulMirrorError } from "../kernel/index.ts";
import type { PersonRequest } from "../model/index.ts";
import type { House } from "./house.ts";

/** A wish that is not taken up is an error for whoever has it, and never only a line in a log. */
export function askLoop(house: House, request: PersonRequest): void {
  if (house.request(request)) return;
  throw new SoulMirrorError("BUSY", "too much waits to be judged: this was not taken up", {
    fix: "ask again in a moment; `soulmirror logs daemon` says what keeps it",
    retryAfterMs: 1000,
  });
}
