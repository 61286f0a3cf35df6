/**
 * The port is held by a stranger, and strangers are never killed: name the holder, keep asking,
 * and start the moment the port is free. There is no giving up.
 */

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
  against: ({ slot, service }) =>
    slot === undefined || service === undefined ? "it is not an instance of ours" : undefined,
  steps: ({ slot, service, resource }) =>
    slot && service ? [startStep(resource, wantedHash(slot, service), { patienceMs })] : [],
};
