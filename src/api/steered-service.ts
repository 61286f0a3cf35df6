import { SoulMirrorError } from "../kernel/index.ts";
import type { Caller } from "./procedures/procedure.ts";

/** Who shows the token of a service speaks for that one, whatever it says. Throws BAD_REQUEST. */
export function steeredService(caller: Caller, named: string | undefined): string {
  const service = caller.service ?? named;
  if (service !== undefined) return service;
  throw new SoulMirrorError("BAD_REQUEST", "whose engine it is is not said", {
    fix: "show the token of a service, or give `service`",
  });
}
