/** How people declare what recovery may use: commands, webhooks, paths, and who must approve. */
import { z } from "zod";
import { adviceFor } from "../kernel/index.ts";
import {
  command,
  duration,
  headerName,
  headerValue,
  httpMethod,
  httpUrl,
  named,
  oneOf,
  record,
  secretText,
  secretUrl,
  text,
  texts,
  yesOrNo,
} from "./schema-values.ts";

/** As people write them; `failover` and `restart_rolling` are other words for two of them. */
export const strategyNames = [
  "restart",
  "restart_rolling",
  "drain_restart",
  "restart_cause",
  "reconnect",
  "failover",
  "switch_alternative",
  "clean",
  "rotate_logs",
  "scale",
  "rollback_config",
  "eject",
  "wait_for_port",
  "tend_vault",
  "quarantine",
  "escalate",
] as const;

const known: readonly string[] = strategyNames;

const strategyError = (input: unknown): string =>
  `expected a strategy\n${typeof input === "string" ? adviceFor(input, known) : "write restart"}`;

export const strategy = z
  .string({ error: (issue) => strategyError(issue.input) })
  .refine((value) => known.includes(value) || /^(command|webhook):[\w-]+$/.test(value), {
    error: (issue) => strategyError(issue.input),
  })
  .describe(`${strategyNames.join(", ")}, command:NAME or webhook:NAME`)
  .meta({ examples: [...strategyNames] });

export const strategies = z
  .union([strategy, z.array(strategy)], {
    error: "expected a strategy or a list of them\nwrite restart or [reconnect, restart]",
  })
  .describe("What is tried first, in this order; `escalate` at its end: and nothing else");

const reversal = {
  reversible: yesOrNo.optional().describe("True: it needs no undo; else it asks for approval"),
  timeout: duration.default("10s"),
};

const commandMap = record({
  command,
  undo: command.optional().describe("Takes it back when it did not help"),
  ...reversal,
});

const webhookMap = record({
  url: secretUrl,
  method: httpMethod.default("POST"),
  headers: z.record(headerName, headerValue).optional(),
  body: secretText.optional(),
  undo_url: secretUrl.optional(),
  ...reversal,
});

export const commandHook = z
  .union([text, z.array(z.union([z.string(), z.number()])), commandMap], {
    error: "expected a command\nwrite `switch.sh` or { command: switch.sh, undo: back.sh }",
  })
  .describe("A command, or { command, undo, reversible, timeout }");

export const webhook = z
  .union([httpUrl, webhookMap], {
    error: "expected a webhook\nwrite a URL or { url: ..., method: POST }",
  })
  .describe("A URL, or { url, method, headers, body, undo_url, reversible, timeout }");

export const eitherHook = z
  .union([text, z.array(z.union([z.string(), z.number()])), commandMap, webhookMap], {
    error: "expected a command or a webhook\nwrite `command` or { url: http://... }",
  })
  .describe("A command, or a webhook as { url: ... }");

const cleaned = record({
  root: text.describe("Folder; nothing outside of it is touched"),
  pattern: text.describe("Glob of the files below it that may go"),
  older_than: duration.default("1h"),
});

const approval = oneOf(["never", "always"]);

export const hooks = {
  reconnect: eitherHook.optional(),
  alternative: commandHook.optional(),
  commands: named(commandHook, "command").optional(),
  webhooks: named(webhook, "webhook").optional(),
  clean: z
    .array(cleaned, { error: "expected a list\nwrite [{ root: ./tmp, pattern: '*.tmp' }]" })
    .optional()
    .describe("What the strategy `clean` may delete"),
  rotate: texts.optional().describe("Globs of log files that `rotate_logs` may rotate"),
  approve: z
    .union([approval, z.record(strategy, approval)], {
      error: "expected never, always, or one of them per strategy\nwrite { clean: never }",
    })
    .optional()
    .describe("Whether a person is asked before; default: before the irreversible"),
};
