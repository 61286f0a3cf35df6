/** The agent of a vault, as the command line asks it. */
import type { VaultSpec } from "../../config/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import {
  type AgentAnswer,
  agentSocketName,
  askAgent,
  type ControlRequest,
} from "../../platform/vault-agent/index.ts";
import { openDataDirectory } from "../../system/index.ts";
import type { Place } from "../place.ts";

const answersWithinMs = 20_000;

export function askRunning(
  { name }: VaultSpec,
  place: Place,
  request: ControlRequest,
): Promise<AgentAnswer> {
  const socketPath = openDataDirectory(place.dataPath).socket(agentSocketName(name));
  return askAgent(socketPath, request, AbortSignal.timeout(answersWithinMs));
}

export function noAgent({ name }: VaultSpec): SoulMirrorError {
  return new SoulMirrorError("DAEMON_AWAY", `no agent protects the vault ${name}`, {
    fix: "`soulmirror up` starts the daemon, which runs it",
  });
}
