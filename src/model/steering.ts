import type { Mode } from "../kernel/index.ts";

/** What a person wants of the engines inside one service. */
export interface EngineWish {
  /** Counts the changes; 0: nobody has ever wanted anything. */
  readonly version: number;
  /** Null: as their own configuration says. */
  readonly mode: Mode | null;
  /** Operations whose calls are refused, and why. */
  readonly isolated: Readonly<Record<string, string>>;
}

export interface EngineWishChange {
  /** Null takes it back; undefined leaves it as it is. */
  readonly mode?: Mode | null | undefined;
  readonly isolate?: { readonly operation: string; readonly reason: string } | undefined;
  /** An operation. */
  readonly release?: string | undefined;
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
