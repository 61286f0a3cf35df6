/**
 * The port is held by a stranger, and strangers are never killed: name the holder, keep asking,
 * and start the moment the port is free. There is no giving up.
 */

import { frontProxy } from "../../model/index.ts";
import { wantedHash } from "../slots.ts";
import { isInstance, type Strategy } from "../strategy.ts";
import { startStep } from "./steps.ts";

const patienceMs = 3_600_000;

export const waitForPort: Strategy = {
  name: "wait_for_port",
  heals: { port_conflict: 10, proxy_listen: 10 },
  repeatable: true,
  fits: (context) => isInstance(context) || context.resource === frontProxy,
  reverts: false,
  irreversible: () => false,
  against({ slot, resource, failure }) {
    if (!slot && resource !== frontProxy) return "it is none of ours";
    return failure.type === "proxy_listen" && !failure.reason.includes(" is held by ")
      ? "nobody holds that address: it is not to be had on this machine"
      : undefined;
  },
  steps({ slot, service, resource, failure: { part = "" } }) {
    // The front proxy tries again by itself: there is only to wait.
    if (resource === frontProxy) {
      const parameters = { service: part };
      return [{ kind: "listen", resource, parameters, deadlineMs: 5000, patienceMs }];
    }
    return slot && service ? [startStep(resource, wantedHash(slot, service), { patienceMs })] : [];
  },
};
