/**
 * What is known of a vault's health, as who works in it writes it down and the daemon reads it: a
 * small text, in which each event replaces what it makes untrue.
 *
 * V1. It never grows beyond its limits, whatever happens: the oldest goes, and counts go on.
 * V2. A run that was good makes all before it unimportant; what is damaged or missing stays until
 *     somebody says that it is mended.
 * V3. A text that cannot be read is no state, and is told apart from none: nobody is reassured by
 *     it.
 */
import { failed, type Result, success } from "../../kernel/index.ts";

/** Its name in the folder of the vault. */
export const vaultStateFile = "state.json";

export interface VaultRun {
  /** Wall milliseconds of its end. */
  readonly at: number;
  /** `failed`: fewer locations hold it than the quorum, or it did not come to its end. */
  readonly verdict: "good" | "suspect" | "failed";
  /** Empty when there is none. */
  readonly snapshot: string;
  /** One sentence; empty for a good one. */
  readonly reason: string;
}

export interface VaultLocationState {
  readonly name: string;
  /** When it was last seen to hold the newest snapshot; undefined: never. */
  readonly heldAt?: number;
  /** Why it does not hold it; empty when it does. */
  readonly reason: string;
}

export interface VaultDamage {
  readonly at: number;
  readonly location: string;
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

export interface VaultDrill {
  readonly at: number;
  readonly location: string;
  readonly snapshot: string;
  readonly isProven: boolean;
  /** One sentence; empty when it is proven. */
  readonly reason: string;
}

/** Something protected that is not as it should be, and was not mended (yet). */
export interface VaultLoss {
  readonly at: number;
  readonly path: string;
  /** `gone`: it is to be restored, and was not yet; `asked`: a person is to say what to do. */
  readonly kind: "gone" | "asked";
  readonly reason: string;
}

/** A database that is received as it changes. */
export interface VaultStream {
  readonly name: string;
  /** Why nothing is received now; empty: it is. */
  readonly trouble: string;
  /** Why there is no new copy of everything; empty: nothing is in its way. */
  readonly baseTrouble: string;
  /** The last time that something of its log was missing. */
  readonly gap?: {
    readonly at: number;
    readonly reason: string;
    /** When there was a new copy of everything; moments between are lost. Undefined: not yet. */
    readonly endedAt?: number;
  };
}

export interface VaultFreeze {
  /** A sentence. */
  readonly reason: string;
}

export interface VaultState {
  /** Since when it is known of. */
  readonly since: number;
  /** Oldest first. */
  readonly runs: readonly VaultRun[];
  readonly lastGood?: { readonly at: number; readonly snapshot: string };
  readonly locations: readonly VaultLocationState[];
  readonly damage: readonly VaultDamage[];
  /** Oldest first; and the time of the last one of each location. */
  readonly drills: readonly VaultDrill[];
  readonly drilledAt: Readonly<Record<string, number>>;
  readonly losses: readonly VaultLoss[];
  /** Why nothing is forgotten until a person has looked; who wrote it before does not say. */
  readonly frozen?: readonly VaultFreeze[];
  /** Who wrote it before there were any does not say. */
  readonly streams?: readonly VaultStream[];
  /** Runs that ended well and had seen too little, since the beginning. */
  readonly silentErrors: number;
}

export type VaultEvent =
  | ({ readonly kind: "run"; readonly locations: readonly RunLocation[] } & {
      readonly run: VaultRun;
    })
  | { readonly kind: "damage"; readonly damage: VaultDamage }
  /** Without an id: all of the location. */
  | { readonly kind: "repaired"; readonly location: string; readonly id?: string }
  | { readonly kind: "drill"; readonly drill: VaultDrill }
  | { readonly kind: "loss"; readonly loss: VaultLoss }
  /** It is there again, or somebody said that it may be gone. */
  | { readonly kind: "settled"; readonly path: string }
  /** All that there are; none: forgetting goes on. */
  | { readonly kind: "frozen"; readonly reasons: readonly string[] }
  | { readonly kind: "stream"; readonly stream: StreamNews }
  /** Others are forgotten. */
  | { readonly kind: "streams"; readonly names: readonly string[] };

/** What is new of a stream: `trouble` until `well`, `gap` and `no-base` until `base`. */
export interface StreamNews {
  readonly at: number;
  readonly name: string;
  readonly news: "trouble" | "well" | "gap" | "no-base" | "base";
  readonly reason: string;
}

export interface RunLocation {
  readonly name: string;
  readonly holds: boolean;
  readonly reason: string;
}

const limits = {
  runs: 20,
  drills: 20,
  damage: 100,
  losses: 100,
  locations: 64,
  streams: 64,
  freezes: 20,
} as const;

export function newVaultState(since: number): VaultState {
  const none = { runs: [], locations: [], damage: [], drills: [], drilledAt: {}, losses: [] };
  return { since, ...none, silentErrors: 0 };
}

export function noteVaultEvent(state: VaultState, event: VaultEvent): VaultState {
  switch (event.kind) {
    case "run":
      return noteRun(state, event.run, event.locations);
    case "damage": {
      const others = state.damage.filter((each) => !isSameDamage(each, event.damage));
      return { ...state, damage: [...others, event.damage].slice(-limits.damage) };
    }
    case "repaired":
      return {
        ...state,
        damage: state.damage.filter(
          ({ id, location }) => location !== event.location || (event.id ?? id) !== id,
        ),
      };
    case "drill": {
      const { at, location } = event.drill;
      const known = state.locations.some(({ name }) => name === location);
      const drilledAt = { ...state.drilledAt, [location]: at };
      return {
        ...state,
        drills: [...state.drills, event.drill].slice(-limits.drills),
        drilledAt: known ? ofLocations(drilledAt, state.locations) : drilledAt,
      };
    }
    case "loss": {
      const others = state.losses.filter(({ path }) => path !== event.loss.path);
      return { ...state, losses: [...others, event.loss].slice(-limits.losses) };
    }
    case "settled":
      return { ...state, losses: state.losses.filter(({ path }) => path !== event.path) };
    case "frozen": {
      const reasons = event.reasons.slice(0, limits.freezes);
      return { ...state, frozen: reasons.map((reason) => ({ reason })) };
    }
    case "stream": {
      const { streams = [] } = state;
      const before = streams.find(({ name }) => name === event.stream.name);
      const others = streams.filter((each) => each !== before);
      return {
        ...state,
        streams: [...others, noteStream(before, event.stream)].slice(-limits.streams),
      };
    }
    case "streams": {
      const { streams = [] } = state;
      return { ...state, streams: streams.filter(({ name }) => event.names.includes(name)) };
    }
  }
}

function noteStream(
  before: VaultStream | undefined,
  { at, name, news, reason }: StreamNews,
): VaultStream {
  const stream = before ?? { name, trouble: "", baseTrouble: "" };
  switch (news) {
    case "trouble":
      return { ...stream, trouble: reason };
    case "well":
      return { ...stream, trouble: "" };
    case "gap":
      return { ...stream, gap: { at, reason } };
    case "no-base":
      return { ...stream, baseTrouble: reason };
    case "base": {
      const { gap } = stream;
      const ended = gap === undefined || gap.endedAt !== undefined ? gap : { ...gap, endedAt: at };
      return { ...stream, baseTrouble: "", ...(ended === undefined ? {} : { gap: ended }) };
    }
  }
}

function noteRun(state: VaultState, run: VaultRun, places: readonly RunLocation[]): VaultState {
  const { at, snapshot, verdict } = run;
  const before = new Map(state.locations.map((each) => [each.name, each]));
  const locations = places.slice(0, limits.locations).map(({ holds, name, reason }) => {
    const heldAt = holds ? at : before.get(name)?.heldAt;
    return { name, reason: holds ? "" : reason, ...(heldAt === undefined ? {} : { heldAt }) };
  });
  const lastGood = verdict === "good" ? { at, snapshot } : state.lastGood;
  return {
    ...state,
    runs: [...state.runs, run].slice(-limits.runs),
    // Who could not even begin knows nothing of locations.
    locations: places.length === 0 ? state.locations : locations,
    ...(lastGood === undefined ? {} : { lastGood }),
    silentErrors: state.silentErrors + (verdict === "suspect" ? 1 : 0),
  };
}

function isSameDamage(left: VaultDamage, right: VaultDamage): boolean {
  return left.location === right.location && left.kind === right.kind && left.id === right.id;
}

/** Locations that the vault no longer has are forgotten. */
function ofLocations(
  drilledAt: Readonly<Record<string, number>>,
  locations: readonly VaultLocationState[],
): Readonly<Record<string, number>> {
  const names = new Set(locations.map(({ name }) => name));
  return Object.fromEntries(Object.entries(drilledAt).filter(([name]) => names.has(name)));
}

export function textOfVaultState(state: VaultState): string {
  return JSON.stringify({ version: 1, state });
}

/** Fails with a sentence (V3). */
export function vaultStateOfText(text: string): Result<VaultState> {
  const state = parsed(text);
  return state !== undefined && isVaultState(state)
    ? success(state)
    : failed("it is not the state of a vault, or of another version");
}

function parsed(text: string): unknown {
  try {
    const value = JSON.parse(text) as { readonly version?: unknown; readonly state?: unknown };
    return value?.version === 1 ? value.state : undefined;
  } catch {
    // No JSON: the caller says what it is not.
    return undefined;
  }
}

function isVaultState(value: unknown): value is VaultState {
  if (typeof value !== "object" || value === null) return false;
  const state = value as Partial<Record<keyof VaultState, unknown>>;
  const lists = [state.runs, state.locations, state.damage, state.drills, state.losses];
  if (state.streams !== undefined) lists.push(state.streams);
  if (state.frozen !== undefined) lists.push(state.frozen);
  const areLists = lists.every(
    (list) =>
      Array.isArray(list) && list.every((each) => typeof each === "object" && each !== null),
  );
  const hasCounts = Number.isFinite(state.since) && Number.isSafeInteger(state.silentErrors);
  const hasTimes = typeof state.drilledAt === "object" && state.drilledAt !== null;
  return areLists && hasCounts && hasTimes;
}
