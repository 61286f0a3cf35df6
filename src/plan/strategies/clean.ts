/**
 * Clean the declared paths. What is deleted is gone, so it asks unless the fleet file says not to.
 */
import { hooksOf, type Strategy } from "../strategy.ts";

export const clean: Strategy = {
  name: "clean",
  heals: { disk_exhaustion: 20, check_failed: 35 },
  repeatable: false,
  reverts: false,
  irreversible: () => true,
  against: (context) =>
    (hooksOf(context)?.clean.length ?? 0) === 0 ? "no `clean` paths are declared" : undefined,
  steps: (context) =>
    (hooksOf(context)?.clean ?? []).map((path) => ({
      kind: "clean",
      resource: context.resource,
      parameters: { root: path.root, pattern: path.pattern, olderThanMs: path.olderThanMs },
      deadlineMs: 30_000,
    })),
};
