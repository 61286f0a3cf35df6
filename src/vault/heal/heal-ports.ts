/** What the healer does to the world, and what it tells of it. */
import type { Clock, Timers } from "../../kernel/index.ts";
import type { RawPath } from "../raw-path.ts";
import type { SourceEntry } from "../tree-source.ts";
import type { HealFacts } from "./facts.ts";
import type { Verdict } from "./verdict.ts";

export interface Repair {
  readonly path: RawPath;
  readonly expected: SourceEntry;
  /** What is there and is to be replaced; undefined when nothing may be there. */
  readonly replaces: SourceEntry | undefined;
}

/**
 * All calls may reject, with what the path cannot be healed for; none is made again by the healer.
 *
 * W1. `facts` looks anew at each call, and answers for each path it was given, in that order.
 * W2. `setAside` keeps a second name or a copy of what is at the path, durably, and leaves the path
 *     as it is. It resolves to nothing when what is there is not `replaces` any more.
 * W3. `restore` puts each path in place whole, or not at all, and never over anything but
 *     `replaces`: what it did not restore it names, with the reason. Folders above that are missing
 *     are made.
 * W4. `differs` looks anew and reads all of the content, past any cache of ours; undefined when the
 *     path is as expected.
 * W5. `undo` puts what was set aside back in place; without it, takes away what `restore` made.
 *     What somebody wrote meanwhile stays.
 * W6. `record` is durable when it resolves.
 */
export interface HealPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  facts(paths: readonly RawPath[]): Promise<readonly HealFacts[]>;
  setAside(repair: Repair): Promise<RawPath | undefined>;
  restore(repairs: readonly Repair[]): Promise<ReadonlyMap<RawPath, string>>;
  differs(repair: Repair): Promise<string | undefined>;
  undo(repair: Repair, aside: RawPath | undefined): Promise<void>;
  record(event: HealEvent): Promise<void>;
}

interface Told {
  readonly path: RawPath;
  readonly verdict: Verdict;
}

export type HealOutcome =
  /** `aside`: where the damaged version lies. */
  | (Told & { readonly kind: "healed"; readonly aside: RawPath | undefined })
  | (Told & { readonly kind: "left" | "asked" })
  /** Nothing is changed; `why` says what stood in the way. */
  | (Told & { readonly kind: "failed"; readonly why: string })
  /** What was restored was not as expected, and was taken back. */
  | (Told & { readonly kind: "undone"; readonly why: string })
  /** Neither could it be taken back: the damaged version lies at `aside`, if there was one. */
  | (Told & { readonly kind: "stuck"; readonly why: string; readonly aside: RawPath | undefined });

export type HealEvent =
  /** Written before the first thing is touched. */
  | { readonly kind: "begun"; readonly atMs: number; readonly paths: readonly RawPath[] }
  | { readonly kind: "ended"; readonly atMs: number; readonly outcome: HealOutcome };
