/** What is known of a failover behind a client or a model, which have no room for it themselves. */
import { checkArgument, refusedOption } from "../../kernel/index.ts";
import type { Witness } from "../../resilience/index.ts";
import type { Group } from "./group.ts";
import type { ProviderRing } from "./provider-ring.ts";

export interface FailoverHandle {
  /** Health, latency, cost and order of the providers. */
  readonly ring: ProviderRing;
  /** Shows each decision, until the returned function is called. */
  on(witness: Witness): () => void;
}

const handles = new WeakMap<object, FailoverHandle>();

export function rememberHandle(
  of: object,
  { shown, witnesses }: Pick<Group, "shown" | "witnesses">,
): void {
  handles.set(of, { ring: shown, on: (witness) => witnesses.on(witness) });
}

/** The health and the decisions behind what `failoverClient` or `failoverModel` has returned. */
export function failoverOf(of: object): FailoverHandle {
  const handle = handles.get(of);
  if (handle !== undefined) return handle;
  const fix = "give what failoverClient or failoverModel has returned";
  return checkArgument(["failoverOf", "client"], of, refusedOption<never>("such a client", fix));
}
