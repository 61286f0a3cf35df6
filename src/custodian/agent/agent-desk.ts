/** Where the process of an agent is asked, whether its vault is open yet or not. */
import { SoulMirrorError } from "../../kernel/index.ts";
import type { ControlRequest } from "../../platform/vault-agent/index.ts";
import type { FoundDamage } from "../../vault/index.ts";
import type { Agent } from "./agent.ts";
import type { Duties } from "./duties.ts";

export class AgentDesk {
  readonly #stop: () => void;
  #serving: { readonly agent: Agent; readonly duties: Duties } | undefined;
  #reason = "it is being opened";

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  /** There is no vault to work in, and why. */
  wait(reason: string): void {
    this.#serving = undefined;
    this.#reason = reason;
  }

  serve(agent: Agent, duties: Duties): void {
    this.#serving = { agent, duties };
  }

  /** Somebody stumbled over it; what is found while the vault is being opened, opening mends. */
  damaged(damage: FoundDamage): void {
    this.#serving?.agent.damaged(damage);
  }

  /** Undefined: there is no vault to work in. */
  get agent(): Agent | undefined {
    return this.#serving?.agent;
  }

  async answer(request: ControlRequest): Promise<unknown> {
    if (request.do === "stop") return this.#stop();
    const serving = this.#serving;
    if (serving === undefined) {
      if (request.do === "status") {
        return { pid: process.pid, phase: "waiting", reason: this.#reason };
      }
      throw new SoulMirrorError("VAULT_NOT_FOUND", `the agent waits: ${this.#reason}`);
    }
    switch (request.do) {
      case "heal":
        return await serving.duties.heal();
      case "drill":
        return await serving.duties.drill();
      default:
        return await serving.agent.answer(request);
    }
  }
}
