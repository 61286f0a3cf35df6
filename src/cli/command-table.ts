/** All commands. Adding one: a line here, a file in `commands/`, a row in the README, a test. */
import type { CommandLine } from "./command.ts";

const service = ["<service>", "name of a service, or of one instance: trust-engine.2"] as const;

export const commandTable: readonly CommandLine[] = [
  {
    name: "up",
    summary: "Bring the fleet up: start the daemon, which starts and watches the services",
    options: [["-f, --foreground", "stay, show what happens; Ctrl-C stops the fleet"]],
    load: async () => (await import("./commands/up.ts")).up,
  },
  {
    name: "down",
    summary: "Stop all services in order, and the daemon",
    options: [["--keep-services", "end the daemon only; the next `up` adopts the services"]],
    load: async () => (await import("./commands/down.ts")).down,
  },
  {
    name: "drill",
    summary: "Break the example fleet for real, fault after fault, and show what became of each",
    options: [["--only <ids>", "only these faults: P1,P2,S1"]],
    load: async () => (await import("./commands/drill.ts")).drill,
  },
  {
    name: "status",
    summary: "The fleet at a glance",
    options: [["--check", "exit with 1 unless all is well"]],
    load: async () => (await import("./commands/status.ts")).status,
  },
];
