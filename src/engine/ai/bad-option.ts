import { messageOf, SoulMirrorError } from "../../kernel/index.ts";

/** An argument that is no option: a provider, a client, a model. */
export function badOption(key: string, value: unknown, fix: string): SoulMirrorError {
  const shown = typeof value === "string" ? `"${value}"` : messageOf(value);
  return new SoulMirrorError("OPTIONS_INVALID", `${key}: ${shown} is of no use here`, { fix });
}
