import type { LimitName, Mode } from "../kernel/index.ts";

/** In the place of what is configured: milliseconds, calls at once, calls per second. */
export type EngineLimit = { readonly [K in LimitName]?: number };

/** Who wants one part of a wish. */
export interface EngineSaid {
  readonly by: string;
  readonly at: number;
  /** Until it is wanted no more; null: until somebody takes it back. */
  readonly until: number | null;
  /** Null where none was given. */
  readonly reason: string | null;
}

/** What a person wants of the engines inside one service. */
export interface EngineWish {
  /** Counts the changes; 0: nobody has ever wanted anything. */
  readonly version: number;
  /** Null: as their own configuration says. */
  readonly mode: Mode | null;
  /** Operations whose calls are refused, and why. */
  readonly isolated: Readonly<Record<string, string>>;
  /** AI providers that are asked first, or not at all, in every ring that has them. */
  readonly providers: Readonly<
    Record<string, { readonly kind: "prefer" | "eject"; readonly reason: string }>
  >;
  /** By operation, or by the name that something was wrapped with, for all of its operations. */
  readonly limits: Readonly<Record<string, EngineLimit>>;
  /** By `mode`, `isolate OPERATION`, `provider NAME`, `limit OPERATION`. */
  readonly said: Readonly<Record<string, EngineSaid>>;
}

export interface EngineWishChange {
  /** Null takes it back; undefined leaves it as it is. */
  readonly mode?: Mode | null | undefined;
  readonly isolate?: { readonly operation: string; readonly reason: string } | undefined;
  /** An operation. */
  readonly release?: string | undefined;
  /** A provider. */
  readonly prefer?: string | undefined;
  readonly eject?: string | undefined;
  /** Takes back that a provider is preferred or ejected. */
  readonly readmit?: string | undefined;
  /** Joins what is said of that operation already; null takes a part back. */
  readonly limit?:
    | ({ readonly operation: string } & {
        readonly [K in LimitName]?: number | null | undefined;
      })
    | undefined;
  /** All limits of an operation. */
  readonly unlimit?: string | undefined;
  /** Of everything that is wanted here. */
  readonly reason?: string | undefined;
  /** Everything that is wanted here ends by itself after so long. */
  readonly forMs?: number | undefined;
}

/** A circuit that is open by what its engine has seen itself, and for how long yet. */
export interface OpenCircuit {
  readonly name: string;
  readonly forMs: number;
}

/** What an engine tells of itself over the control channel: all of it, each time. */
export interface EngineStand {
  readonly instance: string;
  /** Of the wish that it goes by; null: of none. */
  readonly version: number | null;
  /** What is in force there: it may be stricter than what is wanted. */
  readonly mode: Mode;
  readonly open: readonly OpenCircuit[];
}

/** An engine that is connected now. */
export interface EngineLink {
  readonly instance: string;
  /** When it connected. */
  readonly since: number;
  /** Null until it has told of itself. */
  readonly version: number | null;
  readonly mode: Mode | null;
  readonly open: readonly string[];
}

export interface SteeredService {
  readonly service: string;
  readonly wish: EngineWish;
  readonly engines: readonly EngineLink[];
}

/** What is pushed to an engine: each is the whole of its kind, so that one may be missed. */
export type ControlMessage =
  | ({ readonly kind: "wish" } & EngineWish)
  | {
      readonly kind: "votes";
      readonly votes: readonly {
        readonly instance: string;
        readonly open: readonly OpenCircuit[];
      }[];
    };
