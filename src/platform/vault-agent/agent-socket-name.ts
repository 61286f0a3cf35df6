/** Of the socket of a vault's agent, among those of the data directory. */
export function agentSocketName(vault: string): string {
  return `vault-${vault}.sock`;
}
