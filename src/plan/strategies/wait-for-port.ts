/**
 * The port is held by a stranger, and strangers are never killed: name the holder, keep asking,
 * and start the moment the port is free. There is no giving up.
 */

import { frontProxy } from "../../model/index.ts";
import { wantedHash } from "../slots.ts";
import type { Strategy } from "../strategy.ts";
import { startStep } from "./steps.ts";

const patienceMs = 3_600_000;

export const waitForPort: Strategy = {
  name: "wait_for_port",
  heals: { port_conflict: 10 },
  repeatable: true,
  reverts: false,
  irreversible: () => false,
  against: ({ slot, resource }) =>
    slot || resource === frontProxy ? undefined : "it is none of ours",
  steps({ slot, service, resource }) {
    // The front proxy tries again by itself: there is only to wait.
    if (resource === frontProxy) {
      return [{ kind: "listen", resource, parameters: {}, deadlineMs: 5000, patienceMs }];
    }
    return slot && service ? [startStep(resource, wantedHash(slot, service), { patienceMs })] : [];
  },
};
