/** What already listens on this machine: well-known software is worth watching. */
import type { Draft } from "./draft.ts";

const wellKnown: Readonly<Record<number, string>> = {
  3306: "mysql",
  5432: "postgres",
  5672: "rabbitmq",
  6379: "redis",
  8123: "clickhouse",
  9092: "kafka",
  9200: "elasticsearch",
  11211: "memcached",
  27017: "mongodb",
};

/** Ports from here on are given to whoever asks for any. */
const ephemeralFrom = 32_768;

/** The text of /proc/net/tcp or tcp6: ports in state 0A, in order, each once. */
export function listeningPorts(procNetTcp: string): readonly number[] {
  const ports = new Set<number>();
  for (const line of procNetTcp.split("\n")) {
    const found = /^\s*\d+:\s+[0-9A-F]+:([0-9A-F]{4})\s+[0-9A-F]+:[0-9A-F]{4}\s+0A\s/i.exec(line);
    if (found) ports.add(Number.parseInt(found[1] ?? "", 16));
  }
  return [...ports].sort((a, b) => a - b);
}

export function fromListeningPorts(ports: readonly number[]): Draft {
  const unknown = ports.filter((port) => wellKnown[port] === undefined && port < ephemeralFrom);
  return {
    services: [],
    resources: ports.flatMap((port) => {
      const name = wellKnown[port];
      if (name === undefined) return [];
      return [{ name: `tcp/${name}`, keys: { port }, remarks: [`Port ${port} is listening now.`] }];
    }),
    // One line for all: a busy machine has dozens, and each would hide what matters.
    unmapped:
      unknown.length === 0
        ? []
        : [
            {
              source: "listening ports",
              key: unknown.join(", "),
              why: "somebody listens there now; if one matters, watch it: tcp/NAME: { port: N }",
            },
          ],
  };
}
