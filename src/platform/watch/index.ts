/**
 * Tells which folders of a tree changed, so that protecting a change costs as much as the change:
 * one watch of the kernel for each folder, in a thread of its own, with a comparison of everything
 * whenever something may have been missed. What to do about a change is left to who listens.
 */
export type { ReconcileReason, TreeWatch, WatchEvent, WatchFigures } from "./watch-event.ts";
export type { WatchedTree, WatchLimits } from "./watch-options.ts";
export { type WatchOptions, watchTree } from "./watch-tree.ts";
