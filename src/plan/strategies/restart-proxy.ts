/** The front proxy is gone or deaf: a new one takes over its ports and its routes. */
import { frontProxy } from "../../model/index.ts";
import type { Strategy } from "../strategy.ts";

export const restartProxy: Strategy = {
  name: "restart_proxy",
  heals: { process_exited: 40, hang: 40 },
  repeatable: true,
  reverts: false,
  irreversible: () => false,
  fits: ({ resource }) => resource === frontProxy,
  against: ({ resource }) => (resource === frontProxy ? undefined : "it is not the front proxy"),
  steps: ({ resource }) => [{ kind: "start-proxy", resource, parameters: {}, deadlineMs: 10_000 }],
};
