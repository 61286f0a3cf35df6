import type { Mode } from "../kernel/index.ts";
import type { ResourceId } from "./resource.ts";

/** A service may be called like a strategy, so its mode is kept under another name. */
export function strategyScope(strategy: string): string {
  return `strategy/${strategy}`;
}

/** What a person may ask of the loop. `by` names the person or the token. */
export type PersonRequest =
  | {
      readonly kind: "restart" | "stop" | "start";
      readonly resource: ResourceId;
      readonly by: string;
    }
  | { readonly kind: "approve" | "dismiss"; readonly action: string; readonly by: string }
  /** `scope` is `fleet`, a service, or a strategy as `strategyScope` names it. */
  | { readonly kind: "mode"; readonly scope: string; readonly mode: Mode; readonly by: string }
  /** Stop everything in order, dependents first. */
  | { readonly kind: "down"; readonly by: string };
