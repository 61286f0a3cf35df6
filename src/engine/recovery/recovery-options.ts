/** What a `RecoveryEngine` is given and answers with, and what each of it must be. */
import {
  anyOption,
  callbackOption,
  checkArgument,
  checkOptions,
  havingOption,
  listOption,
  numberOption,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { type FailureEvent, severities } from "./failure.ts";
import type { RecoveryStore } from "./recovery-store.ts";
import type { RecoveryStrategy } from "./recovery-strategy.ts";

export type RecoveryOutcome =
  | {
      readonly kind: "resolved";
      readonly strategy: string;
      readonly attempts: number;
      readonly elapsedMs: number;
      /** What the operation returned this time, where a strategy did it again. */
      readonly value: unknown;
    }
  | { readonly kind: "unresolved"; readonly attempts: number; readonly reason: string }
  /** Nothing was tried. */
  | { readonly kind: "turned_away"; readonly reason: string }
  /** H5. */
  | { readonly kind: "held_back"; readonly wouldTry: readonly string[] };

/** What `handleFailure` returns at once. */
export interface Recovery {
  readonly eventId: string;
  /** Never rejects. */
  readonly done: Promise<RecoveryOutcome>;
}

export interface RecoveryEngineOptions {
  /** Default: real time. */
  readonly tools?: Tools;
  /** Default: memory. */
  readonly store?: RecoveryStore;
  /** Asked before each recovery: the mode and the switches. Default: always. */
  readonly mayAct?: (failure: FailureEvent) => boolean;
  /** Recoveries at once. Default 2. */
  readonly concurrency?: number;
  /** Failures that wait. Default 100. */
  readonly queue?: number;
  /** Of one strategy, its verification included. Default 30 s. */
  readonly deadlineMs?: number;
  /** Recoveries of one service within `budgetWindowMs`. Default 20 within 10 minutes. */
  readonly budget?: number;
  readonly budgetWindowMs?: number;
  /** Told of every end of a recovery. */
  readonly onOutcome?: (failure: FailureEvent, outcome: RecoveryOutcome) => void;
  /** Told when a strategy was registered. */
  readonly onStrategy?: (strategy: RecoveryStrategy) => void;
  /** One sentence for people: a store that does not answer. */
  readonly tell?: (message: string) => void;
  /** Default: repetition and failover. */
  readonly strategies?: readonly RecoveryStrategy[];
}

export const strategiesMax = 100;
const strategyParts = {
  name: requiredOption(textOption({ max: 100 })),
  applicableFailureTypes: requiredOption(listOption(textOption(), { min: 1 })),
  priority: requiredOption(numberOption()),
  actionType: textOption({ max: 100 }),
  execute: requiredOption(callbackOption()),
  undo: callbackOption(),
  verify: callbackOption(),
};

const time = wholeOption({ min: 1, max: 2 ** 31 - 1 });
export const engineParts = optionsOf({
  tools: anyOption(),
  store: havingOption(["putFailure", "putAction", "read"], "a store", "leave it out for memory"),
  mayAct: callbackOption(),
  concurrency: wholeOption({ min: 1, max: 1000 }),
  queue: wholeOption({ max: 100_000 }),
  deadlineMs: time,
  budget: wholeOption(),
  budgetWindowMs: time,
  onOutcome: callbackOption(),
  onStrategy: callbackOption(),
  tell: callbackOption(),
  strategies: listOption(anyOption(), { max: strategiesMax }),
});
const anyStrategy = havingOption<RecoveryStrategy>(
  [],
  "a strategy",
  "hand in { name, execute, ... }",
);
const failureKeys = {
  failureType: requiredOption(textOption()),
  affectedService: requiredOption(textOption()),
  // Types want these three; code without types that leaves them out gets what says so.
  failureCategory: textOption(),
  severity: wordOption(severities),
  detectionMethod: textOption(),
  eventId: textOption(),
};
const anyFailure = havingOption<FailureEvent>(
  [],
  "a failure",
  "hand in { failureType, affectedService, ... }",
);

/** Throws OPTIONS_INVALID. Also the methods of a class, which are no own keys of its instance. */
export function checkStrategy(strategy: RecoveryStrategy): void {
  checkArgument(["registerStrategy", "strategy"], strategy, anyStrategy);
  const keys = Object.keys(strategyParts) as (keyof RecoveryStrategy)[];
  const given = Object.fromEntries(keys.map((key) => [key, strategy[key]]));
  checkOptions("registerStrategy", given, optionsOf(strategyParts));
}

/** Throws OPTIONS_INVALID. */
export function checkFailure(failure: FailureEvent): void {
  checkArgument(["handleFailure", "failure"], failure, anyFailure);
  const keys = Object.keys(failureKeys) as (keyof typeof failureKeys)[];
  const given = Object.fromEntries(keys.map((key) => [key, failure[key]]));
  checkOptions("handleFailure", given, optionsOf(failureKeys));
}
