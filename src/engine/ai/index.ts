/**
 * Providers of language models that stand in for each other: as plain functions, as clients of the
 * `openai` package, and as language models of the AI SDK. A request walks along a ring of providers
 * (`turn.ts`), streams are watched to their end (`stream-turn.ts`); who is well and who is asked
 * first is decided by the ring of `resilience/`. No package is loaded: what others have made is
 * known by its shape alone.
 */

export type { ProviderReport } from "../operation.ts";
export { AnswerError } from "./answer-error.ts";
export {
  type ClientOptions,
  type ClientProvider,
  failoverClient,
  type ModelNames,
} from "./client-failover.ts";
export type { ClientLike } from "./client-like.ts";
export type { FailOverOn, Verdict } from "./fail-over-rule.ts";
export {
  type AnyProvider,
  type Failover,
  type FailoverCall,
  type FunctionOptions,
  failover,
  type Provider,
  type ProviderCall,
} from "./function-failover.ts";
export { type FailoverHandle, failoverOf } from "./handle.ts";
export type { Price, ProviderTraits } from "./member.ts";
export {
  failoverModel,
  type ModelLike,
  type ModelOf,
  type ModelOptions,
  type ModelProvider,
} from "./model-failover.ts";
export type {
  Duration,
  EjectionOptions,
  FailoverOptions,
  Outage,
  ProviderOrder,
  Restart,
} from "./options.ts";
export type { ProviderRing } from "./provider-ring.ts";
export { TruncatedStreamError } from "./truncated-stream-error.ts";
