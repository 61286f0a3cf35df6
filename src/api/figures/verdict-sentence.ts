/** How is the fleet? In one sentence, for somebody who reads nothing else. */
import type { ServiceState, ServiceView } from "../../loop/index.ts";
import {
  type Failure,
  type FailureType,
  frontProxy,
  type Incident,
  nameOf,
  severityRank,
} from "../../model/index.ts";
import type { House } from "../house.ts";

export interface VerdictSentence {
  readonly kind: "well" | "busy" | "trouble";
  readonly text: string;
}

/** Each follows the name of a resource. */
const verbs: Readonly<Record<FailureType, string>> = {
  process_exited: "is gone",
  crash_loop: "crashes again and again",
  start_failed: "cannot be started",
  start_timeout: "does not get ready",
  port_conflict: "finds its port taken",
  hang: "hangs",
  stalled_work: "does no work",
  check_failed: "fails its check",
  unreachable: "cannot be reached",
  slow: "is slow",
  not_ready: "is not ready",
  flapping: "flaps",
  dependency_down: "lacks what it needs",
  memory_exhaustion: "runs out of memory",
  descriptor_exhaustion: "runs out of descriptors",
  process_exhaustion: "runs out of processes",
  disk_exhaustion: "runs out of disk",
  threshold_exceeded: "is beyond its threshold",
  deviation: "behaves unusually",
  certificate_expiry: "has a certificate that ends soon",
  certificate_invalid: "has a certificate that is not valid",
  stale: "is stale",
  missing: "is missing",
  heartbeat_missed: "missed its heartbeat",
  log_pattern: "logs what it should not",
  clock_jump: "jumped in time",
  self_isolated: "has no network of its own",
  proxy_listen: "cannot listen",
  critical_missing: "misses critical files",
  vault_damaged: "is damaged",
  backup_suspect: "has a suspect backup",
  backup_failed: "has no backup of its last run",
  backup_overdue: "has no recent backup",
  drill_failed: "could not be restored in a drill",
  location_behind: "has a location that is behind",
  drill_overdue: "has had no drill for long",
  stream_failed: "does not receive a database",
  stream_gap: "has a gap in what it receives of a database",
  healing_asked: "asks what to heal",
  forgetting_frozen: "forgets no snapshot until somebody has looked",
};

type Judged = Pick<House, "liveIncidents" | "openFailures" | "services" | "resources" | "self">;

/** `strategyOf` names the strategy of an action, where it is known. */
export function judgeFleet(
  house: Judged,
  strategyOf: (action: string) => string | undefined,
): VerdictSentence {
  const incidents = [...house.liveIncidents()].sort((a, b) => urgency(b) - urgency(a));
  const [first] = incidents;
  if (first !== undefined) {
    const what = `${nameOf(first.cause)} ${verbOf(first, house.openFailures())}`;
    const count =
      incidents.length === 1 ? "1 incident" : `${incidents.length} incidents; the worst`;
    const besides = first.cause === frontProxy ? "" : unheard(house.services());
    return { kind: "trouble", text: `${count}: ${what}; ${doing(first, strategyOf)}${besides}.` };
  }
  return judgeServices(house.services(), house);
}

function judgeServices(services: readonly ServiceView[], house: Judged): VerdictSentence {
  const unwell = house.resources().filter(({ health }) => health !== "healthy");
  const others = services.filter(({ state, rests }) => state !== "healthy" && !rests);
  const total = count(services.length, "service");
  if (others.length > 0) {
    const isBad = others.some(({ state }) => state === "unhealthy" || state === "quarantined");
    const wellCount = services.length - others.length;
    const text = `${wellCount} of ${total} ${wellCount === 1 ? "is" : "are"} well; ${tell(others)}.`;
    return { kind: isBad ? "trouble" : "busy", text };
  }
  if (unwell.length > 0) {
    const named = unwell
      .slice(0, 3)
      .map(
        ({ resource, health }) =>
          `${resource} is ${health === "unknown" ? "not seen yet" : health}`,
      );
    const more = unwell.length > 3 ? `, and ${unwell.length - 3} more` : "";
    const isBad = unwell.some(({ health }) => health === "unhealthy");
    const text = `All ${total} are well; ${named.join(", ")}${more}.`;
    return { kind: isBad ? "trouble" : "busy", text };
  }
  const pinned = services.filter((each) => each.pinned).map(({ name }) => name);
  if (pinned.length > 0) {
    const run = pinned.length === 1 ? "runs with its" : "run with their";
    const well = services.length === 1 ? "The service is well" : `All ${total} are well`;
    const text = `${well}; ${pinned.join(", ")} ${run} last good configuration, not with what the fleet file says.`;
    return { kind: "busy", text };
  }
  const { kept } = house.self();
  if (kept !== "store") {
    return { kind: "busy", text: `All ${total} are well; the journal is kept in ${kept}.` };
  }
  return {
    kind: "well",
    text: services.length === 1 ? "The service is well." : `All ${total} are well.`,
  };
}

/** Said beside the worst incident: who is cut off should not have to look for it. */
function unheard(services: readonly ServiceView[]): string {
  const reasons = services.flatMap(({ reason }) => reason ?? []);
  return reasons.length === 0 ? "" : `; ${reasons.join("; ")}`;
}

/** What nobody works on any more comes before what is being healed, whatever its severity. */
function urgency({ state, severity }: Incident): number {
  return severityRank[severity] + (state.kind === "escalated" ? 10 : 0);
}

function tell(services: readonly ServiceView[]): string {
  const byState = new Map<ServiceState, string[]>();
  for (const { name, state } of services) byState.set(state, [...(byState.get(state) ?? []), name]);
  return [...byState]
    .map(([state, names]) => {
      const named = names.length <= 3 ? names.join(", ") : `${names.length} services`;
      return `${named} ${names.length === 1 ? "is" : "are"} ${state}`;
    })
    .join("; ");
}

export function verbOf(incident: Incident, failures: readonly Failure[]): string {
  const own = failures.find(({ id }) => incident.failures.includes(id));
  return own === undefined ? "is not well" : verbs[own.type];
}

export function doing(
  { state }: Incident,
  strategyOf: (action: string) => string | undefined,
): string {
  switch (state.kind) {
    case "recovering":
      return `${words(strategyOf(state.action) ?? "a recovery")} under way`;
    case "verifying":
      return `${words(strategyOf(state.action) ?? "a recovery")} done, now being verified`;
    case "escalated":
      return `a person is needed: ${state.reason}`;
    case "resolved":
      return "resolved";
    default:
      return "nothing tried yet";
  }
}

function words(strategy: string): string {
  return strategy.replaceAll("_", " ");
}

function count(items: number, noun: string): string {
  return `${items} ${noun}${items === 1 ? "" : "s"}`;
}
