/**
 * PM2 ecosystem files, already read into data. Keys with a counterpart are taken over; for every
 * other key the reader is told where it went or what to use instead.
 */

import { joinWords, splitWords } from "../../config/index.ts";
import type { Json } from "../../kernel/index.ts";
import {
  type Draft,
  type DraftPart,
  draftName,
  listOf,
  recordOf,
  textOf,
  type Unmapped,
} from "./draft.ts";

type App = Readonly<Record<string, unknown>>;

/** What is read below. */
const mapped: ReadonlySet<string> = new Set(
  [
    "name script exec args cwd interpreter exec_interpreter node_args interpreter_args instances",
    "exec_mode env port max_memory_restart kill_timeout listen_timeout uid gid user group",
    "autorestart pid_file pid",
  ]
    .join(" ")
    .split(" "),
);

const advices: Readonly<Record<string, string>> = {
  min_uptime: "use budgets.healthy_run",
  max_restarts: "use budgets.crashes: so many crashes put an instance into quarantine",
  restart_delay: "restarts wait by themselves, longer after each crash (budgets.cool_down)",
  exp_backoff_restart_delay: "restarts wait by themselves, longer after each crash",
  wait_ready: "use a readiness probe: `readiness: /health`",
  cron_restart: "no restarts by the clock; leaks are found and healed before a limit is hit",
  stop_exit_codes: "use restart: on-failure, which does not restart after exit code 0",
  shutdown_with_message: "the service is sent stop.signal",
  out_file: "logs are kept in the data directory: `soulmirror logs`",
  error_file: "logs are kept in the data directory: `soulmirror logs`",
  log_file: "logs are kept in the data directory: `soulmirror logs`",
  log_date_format: "lines are kept as the service writes them",
  time: "lines are kept as the service writes them",
  merge_logs: "each instance has its own log",
  watch: "a changed fleet file takes effect by itself; changed code does not",
  ignore_watch: "code is not watched",
  watch_delay: "code is not watched",
  namespace: "write one fleet file for each",
  increment_var: "instances can tell each other apart by NODE_APP_INSTANCE",
  source_map_support: "add --enable-source-maps to the command",
};

export function fromEcosystem(parsed: unknown, file: string): Draft {
  const root = recordOf(parsed);
  const apps = Array.isArray(parsed)
    ? listOf(parsed)
    : root["apps"] === undefined
      ? []
      : listOf(root["apps"]);
  const only = apps.length === 0 && root["script"] !== undefined ? [root] : apps;
  const drafts = only.map((app, index) => partOf(recordOf(app), { file, index }));
  const others = Object.keys(root).filter((key) => !Array.isArray(parsed) && key !== "apps");
  return {
    services: drafts.map(({ part }) => part),
    resources: [],
    unmapped: [
      ...drafts.flatMap(({ unmapped }) => unmapped),
      ...(apps.length === 0 ? [] : others).map((key) => ({
        source: file,
        key,
        why: key === "deploy" ? "deployment is left to its own tools" : "unknown key",
      })),
    ],
  };
}

interface Place {
  readonly file: string;
  readonly index: number;
}

function partOf(
  app: App,
  place: Place,
): { readonly part: DraftPart; readonly unmapped: readonly Unmapped[] } {
  const script = textOf(app["script"] ?? app["exec"]) ?? "";
  const env = envOf(app);
  const { PORT: port, ...others } = env;
  const remarks = [`From ${place.file}, app ${place.index + 1}.`];
  const listen = port !== undefined && /^\d+$/.test(port) ? Number(port) : undefined;
  const instances = instancesOf(app, listen !== undefined, remarks);
  const keys: Record<string, Json | undefined> = {
    command: commandOf(app, script),
    cwd: textOf(app["cwd"]),
    env:
      Object.keys(others).length > 0 || (port !== undefined && listen === undefined)
        ? listen === undefined
          ? env
          : others
        : undefined,
    listen,
    instances,
    restart: app["autorestart"] === false ? "never" : undefined,
    limits:
      app["max_memory_restart"] === undefined
        ? undefined
        : { memory: sizeOf(app["max_memory_restart"]) },
    stop: app["kill_timeout"] === undefined ? undefined : { grace: msOf(app["kill_timeout"]) },
    start:
      app["listen_timeout"] === undefined ? undefined : { timeout: msOf(app["listen_timeout"]) },
    user: textOf(app["uid"] ?? app["user"]),
    group: textOf(app["gid"] ?? app["group"]),
    pid_file: textOf(app["pid_file"] ?? app["pid"]),
  };
  const name = draftName(
    textOf(app["name"]) ?? (script.replace(/^.*\//, "").replace(/\.\w+$/, "") || "app"),
  );
  return {
    part: { name, keys: withoutUndefined(keys), remarks },
    unmapped: unmappedOf(app, place),
  };
}

/** The program, then what PM2 would put before and after the script. */
function commandOf(app: App, script: string): Json {
  const interpreter =
    textOf(app["interpreter"] ?? app["exec_interpreter"]) ?? interpreterOf(script);
  const before = wordsOf(app["node_args"] ?? app["interpreter_args"]);
  const after = wordsOf(app["args"]);
  const hasNone = interpreter === "none" || interpreter === "";
  const program = hasNone ? [script] : [interpreter, ...before, script];
  // The script may be a whole line, `npm start`.
  if (hasNone && script.includes(" ") && after.length === 0) return script;
  return joinWords([...program, ...after]);
}

function interpreterOf(script: string): string {
  if (/\.(c|m)?js$/.test(script)) return "node";
  if (/\.(m|c)?ts$/.test(script)) return "node";
  if (script.endsWith(".py")) return "python3";
  if (script.endsWith(".sh")) return "sh";
  if (script.endsWith(".rb")) return "ruby";
  return "none";
}

function wordsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return (value as unknown[]).map(String);
  if (typeof value !== "string" || value.trim() === "") return [];
  const words = splitWords(value);
  return words.ok ? words.value : value.trim().split(/\s+/);
}

function envOf(app: App): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(recordOf(app["env"]))) {
    const text = typeof value === "boolean" ? String(value) : textOf(value);
    if (text !== undefined) env[name] = text;
  }
  const port = textOf(app["port"]);
  return port === undefined ? env : { ...env, PORT: port };
}

function instancesOf(app: App, hasListen: boolean, remarks: string[]): number | undefined {
  const instances = textOf(app["instances"]);
  if (instances === undefined || instances === "1") return undefined;
  const count = Number(instances);
  if (!hasListen) {
    remarks.push(`It had instances: ${instances}; more than one needs \`listen\`.`);
    return undefined;
  }
  if (Number.isInteger(count) && count > 1) return count;
  remarks.push(`It had instances: ${instances} (by the number of cores); write a number.`);
  return 2;
}

/** PM2 counts in bytes, or with K, M, G. */
function sizeOf(value: unknown): Json {
  const text = String(value);
  return /^\d+$/.test(text) ? Number(text) : `${text.replace(/B$/i, "")}B`;
}

function msOf(value: unknown): Json {
  return /^\d+$/.test(String(value)) ? `${String(value)}ms` : String(value);
}

function unmappedOf(app: App, { file, index }: Place): readonly Unmapped[] {
  return Object.keys(app)
    .filter((key) => !mapped.has(key))
    .map((key) => ({
      source: file,
      key: `apps[${index}].${key}`,
      why:
        advices[key] ??
        (key.startsWith("env_") ? "merge what is needed into `env`" : "it has no counterpart"),
    }));
}

function withoutUndefined(keys: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(keys)) if (value !== undefined) kept[key] = value;
  return kept;
}
