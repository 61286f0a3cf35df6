/** Commands, webhooks and paths that recovery may use; strategies and approvals by their names. */
import type { z } from "zod";
import type { CommandHook, HookSpecs, WebhookHook } from "./fleet.ts";
import { complain, listOf, msOf, pathOf, type Scope, wordsOf } from "./resolve-scope.ts";
import {
  type commandHook,
  type eitherHook,
  type hooks,
  strategy,
  strategyNames,
  type webhook,
} from "./schema-hooks.ts";
import { secretOf, secretsOf, type WrittenSecret } from "./secret.ts";
import type { TreePath } from "./tree.ts";

type WrittenHooks = { [Key in keyof typeof hooks]: z.infer<(typeof hooks)[Key]> };

/** One for all: a fleet may have ten thousand resources without any. */
export const noHooks: HookSpecs = { commands: {}, webhooks: {}, clean: [], rotate: [] };

const hookTimeout = "10s";

export function hooksOf(scope: Scope, path: TreePath, written: Partial<WrittenHooks>): HookSpecs {
  const { reconnect, alternative, commands, webhooks, clean, rotate } = written;
  const none = [reconnect, alternative, commands, webhooks, clean, rotate];
  if (none.every((each) => each === undefined)) return noHooks;
  const command = (name: string, each: z.infer<typeof commandHook>): [string, CommandHook] => [
    name,
    commandOf(scope, [...path, "commands", name], each),
  ];
  const hook = (name: string, each: z.infer<typeof webhook>): [string, WebhookHook] => [
    name,
    webhookOf(scope, [...path, "webhooks", name], each),
  ];
  return {
    ...(reconnect === undefined
      ? {}
      : { reconnect: eitherOf(scope, [...path, "reconnect"], reconnect) }),
    ...(alternative === undefined
      ? {}
      : { alternative: commandOf(scope, [...path, "alternative"], alternative) }),
    commands: Object.fromEntries(Object.entries(commands ?? {}).map((entry) => command(...entry))),
    webhooks: Object.fromEntries(Object.entries(webhooks ?? {}).map((entry) => hook(...entry))),
    clean: (clean ?? []).map(({ root, pattern, older_than }) => ({
      root: pathOf(scope, root),
      pattern,
      olderThanMs: msOf(older_than),
    })),
    rotate: listOf(rotate),
    ...(rotate === undefined ? {} : { rotateIn: pathOf(scope, ".") }),
  };
}

function eitherOf(
  scope: Scope,
  path: TreePath,
  written: z.infer<typeof eitherHook>,
): CommandHook | WebhookHook {
  const isUrl = typeof written === "string" && /^https?:\/\//.test(written);
  if (isUrl) return webhookOf(scope, path, written);
  if (typeof written === "object" && "url" in written) return webhookOf(scope, path, written);
  return commandOf(scope, path, written);
}

function commandOf(
  scope: Scope,
  path: TreePath,
  written: z.infer<typeof commandHook>,
): CommandHook {
  const isShort = typeof written === "string" || Array.isArray(written);
  const map = isShort ? { command: written, timeout: hookTimeout } : written;
  const { command, undo, reversible, timeout } = { undo: undefined, reversible: undefined, ...map };
  return {
    kind: "command",
    command: wordsOf(scope, isShort ? path : [...path, "command"], command),
    ...(undo === undefined ? {} : { undo: wordsOf(scope, [...path, "undo"], undo) }),
    reversible: reversible ?? undo !== undefined,
    timeoutMs: msOf(timeout),
  };
}

function webhookOf(scope: Scope, path: TreePath, written: z.infer<typeof webhook>): WebhookHook {
  const map = typeof written === "string" ? { url: written } : written;
  const full = { method: "POST", timeout: hookTimeout, ...map } as Exclude<typeof written, string>;
  const body = full.body === undefined ? undefined : secretOf(scope, [...path, "body"], full.body);
  const undoUrl =
    full.undo_url === undefined ? undefined : urlOf(scope, [...path, "undo_url"], full.undo_url);
  return {
    kind: "webhook",
    url: urlOf(scope, [...path, "url"], full.url) ?? "",
    method: full.method.toUpperCase(),
    headers: secretsOf(scope, [...path, "headers"], full.headers).values,
    ...(body === undefined ? {} : { body }),
    ...(undoUrl === undefined ? {} : { undoUrl }),
    reversible: full.reversible ?? full.undo_url !== undefined,
    timeoutMs: msOf(full.timeout),
  };
}

/** What was written was held against the schema; what a reference stands for was not yet. */
function urlOf(scope: Scope, path: TreePath, written: WrittenSecret): string | undefined {
  const url = secretOf(scope, path, written);
  if (url === undefined || /^https?:\/\/[^\s/]+\S*$/.test(url)) return url;
  complain(scope, path, {
    message: "what it refers to is not a URL",
    fix: "let it hold http://HOST:PORT/PATH and nothing else",
  });
  return undefined;
}

const aliases: Readonly<Record<string, string>> = {
  failover: "switch_alternative",
  restart_rolling: "drain_restart",
};

/** The one name of a strategy. */
export function strategyName(name: string): string {
  return aliases[name] ?? name;
}

/** The one name of what people may call a strategy; undefined for any other word. */
export function knownStrategy(word: string): string | undefined {
  return word !== "escalate" && strategy.safeParse(word).success ? strategyName(word) : undefined;
}

/** What strategies need that somebody must have declared. */
const needs: readonly (readonly [string, (hooks: HookSpecs) => boolean, string])[] = [
  ["reconnect", (hooks) => hooks.reconnect !== undefined, "reconnect"],
  ["switch_alternative", (hooks) => hooks.alternative !== undefined, "alternative"],
  ["clean", (hooks) => hooks.clean.length > 0, "clean"],
  ["rotate_logs", (hooks) => hooks.rotate.length > 0, "rotate"],
];

/** In their order, by their one name; a hook that is named must be declared. */
export function strategiesOf(
  scope: Scope,
  path: TreePath,
  { written, hooks }: { written: string | readonly string[] | undefined; hooks: HookSpecs },
): readonly string[] {
  const names = listOf(written).map(strategyName);
  endsWithEscalate(scope, [...path, "recovery_strategy"], names);
  for (const name of names) {
    const [kind = "", hook = ""] = name.split(":");
    if (name.includes(":")) {
      const declared = Object.keys(kind === "command" ? hooks.commands : hooks.webhooks);
      if (!declared.includes(hook)) {
        const known =
          declared.length === 0 ? "none is declared" : `declared: ${declared.join(", ")}`;
        complain(scope, [...path, "recovery_strategy"], {
          message: `there is no ${kind} "${hook}" (${known})`,
          fix: `declare it below \`${kind}s\``,
        });
      }
    }
    const [, has, key] = needs.find(([strategy]) => strategy === name) ?? [];
    if (has && !has(hooks)) {
      scope.warnings.push(
        `${path.join(".")}: recovery_strategy names ${name}, but \`${key}\` is not declared; it will be passed over`,
      );
    }
  }
  return [...new Set(names)];
}

/** The order ends there, so what follows would never be tried. */
function endsWithEscalate(scope: Scope, path: TreePath, names: readonly string[]): void {
  const end = names.indexOf("escalate");
  const lost = end < 0 ? undefined : names[end + 1];
  if (lost === undefined) return;
  complain(scope, [...path, end + 1], {
    message: `${lost} is never tried: the order ends with escalate`,
    fix: `write ${lost} before escalate, or leave it out`,
  });
}

/** One word stands for every strategy. */
export function approvalsOf(
  written: WrittenHooks["approve"],
  hooks: HookSpecs,
): Readonly<Record<string, "never" | "always">> {
  if (written === undefined) return {};
  if (typeof written === "object") {
    return Object.fromEntries(
      Object.entries(written).map(([name, value]) => [strategyName(name), value]),
    );
  }
  const names = [
    ...strategyNames.map(strategyName),
    ...Object.keys(hooks.commands).map((name) => `command:${name}`),
    ...Object.keys(hooks.webhooks).map((name) => `webhook:${name}`),
  ];
  return Object.fromEntries(names.map((name) => [name, written]));
}
