/**
 * It lives and is not ready: keep requests away from it until it is. Nothing is healed by that and
 * nothing is restarted; others serve meanwhile. So it is done only while there are others, and
 * supervision puts it back as soon as it is ready (`supervise.ts`, U4).
 */
import { isServing } from "../slots.ts";
import { isDead, isInstance, type Strategy } from "../strategy.ts";

export const eject: Strategy = {
  name: "eject",
  heals: { not_ready: 10 },
  repeatable: true,
  fits: isInstance,
  reverts: true,
  terminal: true,
  protects: true,
  irreversible: () => false,
  against(context) {
    const { slot, service, siblings } = context;
    if (slot === undefined || service === undefined) return "it is not an instance of ours";
    if (service.listen === undefined) return "without `listen` there is no rotation to leave";
    if (isDead(context)) return "nothing runs that gets requests";
    if (slot.ejected) return "it gets no requests already";
    return siblings.some((each) => each !== slot && isServing(each))
      ? undefined
      : "it is the last one in rotation";
  },
  steps: ({ resource }) => [
    { kind: "eject", resource, parameters: { gently: true }, deadlineMs: 2000 },
  ],
};
