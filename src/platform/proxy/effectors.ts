/** What can be done about the front proxy: start a new one, wait until it listens for a service. */
import { messageOf } from "../../kernel/index.ts";
import type { Effector, StepResult } from "../../model/index.ts";
import type { ProxyKeeper } from "./keeper.ts";

const startTimeoutMs = 8000;

/** `declareRoutes` tells a new proxy everything that the old one knew. */
export function startProxyEffector(
  keeper: ProxyKeeper,
  declareRoutes: () => Promise<void>,
): Effector {
  return {
    kind: "start-proxy",
    precheck: async () => ({ kind: "done", detail: "" }),
    async act(): Promise<StepResult> {
      try {
        const { pid } = await keeper.replace(startTimeoutMs);
        await declareRoutes();
        return { kind: "done", detail: `pid ${pid}` };
      } catch (error) {
        return { kind: "failed", reason: messageOf(error) };
      }
    },
  };
}

export function listenEffector(keeper: ProxyKeeper): Effector {
  return {
    kind: "listen",
    async precheck({ step }): Promise<StepResult> {
      const { service } = step.parameters;
      try {
        const report = (await keeper.router.reports()).find((each) => each.service === service);
        if (report?.listening) return { kind: "done", detail: "" };
        const reason = report?.listenError ?? "it does not listen yet";
        return { kind: "later", reason, retryAfterMs: 100 };
      } catch (error) {
        return { kind: "failed", reason: messageOf(error) };
      }
    },
    act: async () => ({ kind: "done", detail: "it listens" }),
  };
}
