/**
 * How the agent of a vault is spoken with, by whoever may open its socket: the socket itself, and
 * what can be asked over it. What the agent does about it is none of this folder's business.
 */

export { agentSocketName } from "./agent-socket-name.ts";
export { type AgentAnswer, askAgent } from "./ask-agent.ts";
export type { ControlRequest } from "./control-request.ts";
export { openControlSocket } from "./control-socket.ts";
export { vaultEffector } from "./effector.ts";
