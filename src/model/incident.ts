import type { Severity } from "./failure.ts";
import type { ResourceId } from "./resource.ts";

/** Failures that belong together, the resource that causes them, and what became of it. */
export interface Incident {
  readonly id: string;
  readonly openedAt: number;
  readonly cause: ResourceId;
  readonly title: string;
  readonly severity: Severity;
  /** Failures of the cause. */
  readonly failures: readonly string[];
  /** Failures elsewhere that the cause explains; never acted upon or alerted by themselves. */
  readonly victims: readonly string[];
  readonly state: IncidentState;
  /** How often it came back after it had been resolved. */
  readonly relapses: number;
  /** The last time that it came back, and why. Its title stays that of the first time. */
  readonly reopened?: { readonly at: number; readonly reason: string };
  /** When it came back lately (wall milliseconds), within `budgets.relapse_window`. */
  readonly relapsedAt?: readonly number[];
  /** When a person was told that it comes back too often. */
  readonly toldOftenAt?: number;
}

export type IncidentState =
  | { readonly kind: "open" }
  | { readonly kind: "recovering"; readonly action: string }
  | { readonly kind: "verifying"; readonly action: string }
  | { readonly kind: "resolved"; readonly at: number; readonly by: string }
  | { readonly kind: "escalated"; readonly at: number; readonly reason: string };

/** What it is about now: of one that came back, why it did. */
export function headlineOf({
  cause,
  title,
  reopened,
}: Pick<Incident, "cause" | "title"> & {
  readonly reopened?: Incident["reopened"] | undefined;
}): string {
  return reopened === undefined ? title : `${cause}: ${reopened.reason}`;
}

/** Since when it lasts: the time that it was well for is not part of it. */
export function begunAtOf({ openedAt, reopened }: Incident): number {
  return reopened?.at ?? openedAt;
}

const legal: Readonly<Record<IncidentState["kind"], readonly IncidentState["kind"][]>> = {
  open: ["recovering", "verifying", "resolved", "escalated"],
  recovering: ["open", "recovering", "verifying", "resolved", "escalated"],
  verifying: ["open", "recovering", "verifying", "resolved", "escalated"],
  escalated: ["open", "recovering", "resolved"],
  resolved: ["open"],
};

export function mayBecome(from: IncidentState["kind"], to: IncidentState["kind"]): boolean {
  return from === to || legal[from].includes(to);
}

/** Open, recovering, verifying or escalated: somebody still has to care. */
export function isLive(incident: Incident): boolean {
  return incident.state.kind !== "resolved";
}
