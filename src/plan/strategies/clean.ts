/**
 * Clean the declared paths, in one step: that one of them holds nothing to clean says nothing about
 * the others. What is deleted is gone, so it asks unless the fleet file says not to.
 * A check that failed is a reason only when its evidence says that the disk is full.
 */
import { hooksOf, type Strategy } from "../strategy.ts";

/** ENOSPC in its own words and those of libraries; reasons are cut short, even within a word. */
const full = /ENOSP|no space l|disk[^.]{0,20}\bful?l?(?![a-z])/i;

export const clean: Strategy = {
  name: "clean",
  heals: { disk_exhaustion: 20, check_failed: 5 },
  repeatable: false,
  reverts: false,
  irreversible: () => true,
  against(context) {
    if ((hooksOf(context)?.clean.length ?? 0) === 0) return "no `clean` paths are declared";
    const { type, reason, evidence } = context.failure;
    const saysFull = [reason, ...evidence].some((text) => full.test(text));
    return type === "check_failed" && !saysFull ? "nothing says that the disk is full" : undefined;
  },
  steps(context) {
    const places = (hooksOf(context)?.clean ?? []).map(({ root, pattern, olderThanMs }) => {
      return { root, pattern, olderThanMs };
    });
    const { resource } = context;
    const deadlineMs = 30_000 * places.length;
    return [{ kind: "clean", resource, parameters: { places }, deadlineMs }];
  },
};
