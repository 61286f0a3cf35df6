/** All commands. Adding one: a line here, a file in `commands/`, a row in the README, a test. */
import type { CommandGroup, CommandLine } from "./command.ts";
import { vault } from "./commands/vault.ts";

const service = ["<service>", "a service, or one instance of it: trust-engine.2"] as const;
const noWait = ["--no-wait", "do not wait until it is done"] as const;
const lines = ["-n, --lines <count>", "at most so many, up to 500 (default: 20)"] as const;

export const commandTable: readonly (CommandLine | CommandGroup)[] = [
  {
    name: "init",
    summary: "Make a fleet file of what is there: package.json, Procfile, PM2, compose, open ports",
    args: [["[folder]", "where to look, or one file; default: here"]],
    options: [["--write", "write soulmirror.yaml there; never over one that exists"]],
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "validate",
    summary: "Check the fleet file; problems come with line, column, key and fix",
    args: [["[file]", "default: the fleet file"]],
    load: async () => (await import("./commands/validate.ts")).validate,
  },
  {
    name: "diff",
    summary: "What a reload would change, or the difference to another fleet file",
    args: [["[file]", "compare the fleet file with this one, without a daemon"]],
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  {
    name: "schema",
    summary: "The schema of the fleet file as JSON Schema, for editors",
    load: async () => (await import("./commands/schema.ts")).schema,
  },
  {
    name: "config",
    summary: "What is in force, and where each value comes from",
    args: [
      ["<what>", "show everything or one key, or explain one", ["show", "explain"]],
      ["[key]", "for example services.web.instances"],
    ],
    load: async () => (await import("./commands/config.ts")).config,
  },
  {
    name: "up",
    summary: "Bring the fleet up: start the daemon, which starts and watches the services",
    options: [["-f, --foreground", "stay and show what happens; Ctrl-C stops the fleet"]],
    load: async () => (await import("./commands/up.ts")).up,
  },
  {
    name: "down",
    summary: "Stop all services in order, and the daemon",
    options: [["--keep-services", "end only the daemon; the next `up` adopts the services"]],
    load: async () => (await import("./commands/down.ts")).down,
  },
  {
    name: "status",
    summary: "The fleet at a glance",
    options: [
      ["--check", "exit with 1 unless all is well"],
      ["--link", "only a link that opens the page once and lets you act there"],
    ],
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "watch",
    summary: "The fleet live in the terminal; q quits",
    load: async () => (await import("./commands/watch.ts")).watch,
  },
  {
    name: "logs",
    summary: "Log lines of all services, one service or one instance (or `daemon`, `proxy`)",
    args: [["[service]", "default: all"]],
    options: [
      ["-f, --follow", "go on with new lines"],
      ["-n, --lines <count>", "so many last lines of each instance (default: 50)"],
    ],
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  {
    name: "restart",
    summary: "Restart a service or one instance, without downtime where a proxy stands before it",
    args: [service],
    options: [noWait],
    load: async () => (await import("./commands/restart.ts")).restart,
  },
  {
    name: "stop",
    summary: "Stop a service and keep it stopped",
    args: [service],
    options: [noWait],
    load: async () => (await import("./commands/stop.ts")).stop,
  },
  {
    name: "start",
    summary: "Start a service; also ends its quarantine",
    args: [service],
    options: [noWait],
    load: async () => (await import("./commands/start.ts")).start,
  },
  {
    name: "incidents",
    summary: "Incidents: those that are not resolved first, then by their last change",
    options: [["--live", "only those that are not resolved"], lines],
    load: async () => (await import("./commands/incidents.ts")).incidents,
  },
  {
    name: "show",
    summary: "All about one incident, action, service or resource, with its timeline",
    args: [["<what>", "an id, a service, one instance of it (web.1), or kind/name"]],
    load: async () => (await import("./commands/show.ts")).show,
  },
  {
    name: "actions",
    summary: "Recovery actions, newest first, and those that wait for approval",
    options: [lines],
    load: async () => (await import("./commands/actions.ts")).actions,
  },
  {
    name: "approve",
    summary: "Let a waiting action begin",
    args: [["<action>", "its id"]],
    load: async () => (await import("./commands/approve.ts")).approve,
  },
  {
    name: "dismiss",
    summary: "Refuse a waiting action",
    args: [["<action>", "its id"]],
    load: async () => (await import("./commands/dismiss.ts")).dismiss,
  },
  {
    name: "mode",
    summary: "How much may be done: off, shadow, monitor, limited, full",
    args: [
      ["[scope]", "fleet (default), a service or a strategy; or the mode itself"],
      ["[mode]", "the new mode; without it the present one is shown"],
    ],
    load: async () => (await import("./commands/mode.ts")).mode,
  },
  {
    name: "engine",
    summary: "The engines inside of services: list, show, and steer them while they run",
    args: [
      [
        "[what]",
        "default: list",
        [
          "list",
          "show",
          "mode",
          "isolate",
          "release",
          "prefer",
          "eject",
          "readmit",
          "limit",
          "unlimit",
        ],
      ],
      ["[service]", "whose engines; `all` with mode"],
      ["[subject]", "a mode (or `own`), an operation, or an AI provider"],
    ],
    options: [
      ["--reason <text>", "why; shown wherever it takes effect"],
      ["--for <duration>", "it ends by itself after so long: 30m"],
      ["--timeout <duration>", "limit: the longest time for a call"],
      ["--concurrency <count>", "limit: calls at once"],
      ["--rate <count>", "limit: calls per second"],
      ["--unseen", "also what no engine has told of yet"],
    ],
    more: `Examples:
  soulmirror engine show shop
  soulmirror engine mode all monitor --for 1h
  soulmirror engine isolate shop mail.send --reason "the provider charges twice"
  soulmirror engine limit shop pay.charge --timeout 2s --rate 20 --for 30m
  soulmirror engine eject shop llm:openai --reason "their incident 4711"`,
    load: async () => (await import("./commands/engine.ts")).engine,
  },
  {
    name: "drill",
    summary: "Break the example fleet for real, fault after fault, and show what became of each",
    options: [["--only <ids>", "only these faults: P1,P2,S1"]],
    load: async () => (await import("./commands/drill.ts")).drill,
  },
  vault,
  {
    name: "audit",
    summary: "Prove offline that journal and tables are as they were written",
    args: [["[what]", "default: verify", ["verify"]]],
    load: async () => (await import("./commands/audit.ts")).audit,
  },
  {
    name: "db",
    summary: "The format of the store: show it, bring it up, take it back",
    args: [["[what]", "default: status", ["status", "up", "down"]]],
    options: [["--to <format>", "default: the latest (up), one back (down)"]],
    load: async () => (await import("./commands/db.ts")).db,
  },
  {
    name: "doctor",
    summary: "Is everything here that a fleet needs? Each failure comes with its fix",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "completion",
    summary: "Completion for a shell",
    args: [["<shell>", "which one", ["bash", "zsh", "fish"]]],
    load: async () => (await import("./commands/completion.ts")).completion,
  },
];
