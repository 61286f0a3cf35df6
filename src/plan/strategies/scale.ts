/** One more instance, where the fleet file allows it; taken away again when it does not help. */
import { instanceId } from "../../model/index.ts";
import { isInstance, type Strategy } from "../strategy.ts";
import { readyStep, startStep } from "./steps.ts";

export const scale: Strategy = {
  name: "scale",
  heals: { slow: 10, threshold_exceeded: 10 },
  repeatable: false,
  fits: isInstance,
  reverts: true,
  irreversible: () => false,
  against({ service, siblings }) {
    if (service?.listen === undefined) return "only services with `listen` can be scaled";
    const running = siblings.filter((slot) => slot.desired === "running").length;
    return running >= service.scaleMax
      ? `it has its ${service.scaleMax} instances already`
      : undefined;
  },
  steps({ service, siblings }) {
    if (service === undefined) return [];
    const number = Math.max(0, ...siblings.map((slot) => slot.number)) + 1;
    const added = instanceId(service.name, number);
    return [startStep(added, service.hash), readyStep(added, service)];
  },
};
