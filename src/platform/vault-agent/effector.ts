/** Asks the agent of a vault to do what helps, and waits until it is done. Kind `vault`. */
import { messageOf } from "../../kernel/index.ts";
import { type Effector, nameOf, type StepResult } from "../../model/index.ts";
import { askAgent } from "./ask-agent.ts";
import { controlRequestOf } from "./control-request.ts";

/** @param socketOf the path of a vault's agent, by the vault's name */
export function vaultEffector(socketOf: (vault: string) => string): Effector {
  return {
    kind: "vault",
    precheck: async () => ({ kind: "done", detail: "" }),
    async act({ step }, signal): Promise<StepResult> {
      const request = controlRequestOf(step.parameters);
      if (request === undefined) return { kind: "failed", reason: "the agent does no such thing" };
      try {
        const answer = await askAgent(socketOf(nameOf(step.resource)), request, signal);
        if (answer.kind === "done") return { kind: "done", detail: `the agent did: ${request.do}` };
        const who = answer.kind === "nobody" ? "no agent answers: " : "";
        return { kind: "failed", reason: `${who}${answer.reason}` };
      } catch (error) {
        return { kind: "failed", reason: messageOf(error) };
      }
    },
  };
}
