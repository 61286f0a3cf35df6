/**
 * One procedure of the API: who may call it, what goes in, what comes out. REST routes, the OpenAPI
 * document and the tRPC router are all made from these, so they cannot disagree.
 */
import type { z } from "zod";
import type { House } from "../house.ts";

/**
 * `read` and `report` (a heartbeat) are open on loopback; `act` and `sensitive` always need the
 * token; beyond loopback everything does. `engine` takes the token of a service as well.
 */
export type Access = "read" | "report" | "act" | "sensitive" | "engine";

export interface Caller {
  /** Goes into the journal. */
  readonly name: string;
  /** True when the token or a session was shown. */
  readonly isTrusted: boolean;
  /** True when the request was sent on this machine, where reading is open. */
  readonly isNear: boolean;
  /** Set when the token of a service was shown. */
  readonly service?: string;
}

export interface Call {
  readonly house: House;
  readonly caller: Caller;
}

export type Method = "GET" | "POST";

export interface Procedure<
  M extends Method = Method,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> {
  readonly method: M;
  /** Below the origin, with `:name` for what is taken from the path. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** 200 unless said otherwise. */
  readonly status?: 200 | 202;
  /** One flat object: path parameters, query and body together. */
  readonly input: Input;
  readonly output: Output;
  run(
    call: Call,
    input: z.output<Input>,
  ): Frozen<z.output<Output>> | Promise<Frozen<z.output<Output>>>;
}

/** Keeps the exact types of one procedure. */
export function procedure<M extends Method, Input extends z.ZodObject, Output extends z.ZodType>(
  declared: Procedure<M, Input, Output>,
): Procedure<M, Input, Output> {
  return declared;
}

/** What a procedure returns is never changed by anybody. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;
