/**
 * The effective configuration of a fleet: everything resolved, every default filled in, all times
 * in milliseconds and all sizes in bytes. Made by `resolve.ts` from what people write; read by
 * everybody else. Plain data, so that it can be compared, hashed and put on disk.
 */
import type { JsonRecord, Mode } from "../kernel/index.ts";
import type { VaultSpec } from "./vault-spec.ts";

export interface Fleet {
  readonly name: string;
  readonly mode: Mode;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  /** Everything that is watched and is not a service of ours, by `kind/name`. */
  readonly resources: Readonly<Record<string, ResourceSpec>>;
  readonly vaults: Readonly<Record<string, VaultSpec>>;
  /** Modes of strategies, by name; the strictest of fleet, service and strategy wins. */
  readonly strategyModes: Readonly<Record<string, Mode>>;
  /** Strategies that act in mode `limited`. */
  readonly limitedTo: readonly string[];
  readonly budgets: Budgets;
  readonly detection: Detection;
  readonly retention: {
    readonly metricsMs: number;
    readonly failuresMs: number;
    readonly journalMs: number;
  };
  readonly api: {
    readonly host: string;
    readonly port: number;
    /** Further `host` or `host:port` that it is reached by. */
    readonly hosts: readonly string[];
  };
  /** Over everything above. */
  readonly hash: string;
}

export interface ServiceSpec {
  readonly name: string;
  readonly mode: Mode;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Which of `env` came from where: never shown or stored, but found there again. */
  readonly secrets?: Readonly<Record<string, SecretSource>>;
  readonly user?: string;
  readonly group?: string;
  /** Owned by the front proxy; instances get PORT. */
  readonly listen?: { readonly host: string; readonly port: number };
  readonly instances: number;
  /** `kind/name` of what it needs. */
  readonly dependsOn: readonly string[];
  readonly restart: "always" | "on-failure" | "never";
  readonly start: { readonly timeoutMs: number };
  readonly stop: { readonly signal: string; readonly graceMs: number; readonly drainMs: number };
  /** Asked until it passes once; nothing else is asked before. */
  readonly startup?: ProbeSpec;
  /** Not ready: gets no requests, is not restarted. */
  readonly readiness?: ProbeSpec;
  /** Not alive: is healed. */
  readonly liveness?: ProbeSpec;
  readonly work: readonly WorkSpec[];
  readonly limits: LimitSpec;
  readonly log: { readonly maxBytes: number; readonly keep: number };
  readonly pidFile?: string;
  readonly timeoutMs: number;
  readonly autoRetry: boolean;
  /** Strategy names in the order they are to be tried; empty: by failure type. */
  readonly strategies: readonly string[];
  readonly hooks: HookSpecs;
  /** `approve: never | always` per strategy; default: irreversible ones ask. */
  readonly approvals: Readonly<Record<string, "never" | "always">>;
  readonly scaleMax: number;
  /** Over everything that a restart would change. */
  readonly hash: string;
}

/** Where a secret is kept, outside of the fleet file. */
export type SecretSource =
  /** In the variable, or in the file that `<env>_FILE` names. */
  | { readonly env: string; readonly prefix?: string }
  /** An absolute path. */
  | { readonly file: string; readonly prefix?: string };

/** One way to ask whether something is well. */
export interface ProbeSpec {
  /** Which sensor asks: http, tcp, command, heartbeat, files, ... */
  readonly kind: string;
  readonly parameters: JsonRecord;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** This many of the last `of` looks must fail to be down ... */
  readonly down: number;
  readonly of: number;
  /** ... and this many in a row must pass to be up again. */
  readonly up: number;
}

/** A counter that must grow while work waits. */
export interface WorkSpec {
  readonly name: string;
  /** Path or URL of Prometheus text. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly counter: string;
  /** Series that says how much waits. */
  readonly waiting: string;
  readonly stallAfterMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface LimitSpec {
  readonly memoryBytes?: number;
  readonly descriptors?: number;
  readonly processes?: number;
  readonly cpuPercent?: number;
}

/** What people declare so that strategies have something to work with. */
export interface HookSpecs {
  /** Makes the service renew its connections. */
  readonly reconnect?: CommandHook | WebhookHook;
  /** Switches to a declared alternative, and back. */
  readonly alternative?: CommandHook;
  /** Named commands that a strategy list may name as `command:<name>`. */
  readonly commands: Readonly<Record<string, CommandHook>>;
  readonly webhooks: Readonly<Record<string, WebhookHook>>;
  readonly clean: readonly CleanSpec[];
  /** Globs of log files, below the service's folder, that `rotate_logs` may rotate. */
  readonly rotate: readonly string[];
  /** The folder that these are below where there is no service: that of the fleet file. */
  readonly rotateIn?: string;
}

export interface CommandHook {
  readonly kind: "command";
  readonly command: readonly string[];
  /** Takes it back; without it the command counts as irreversible unless `reversible` is said. */
  readonly undo?: readonly string[];
  readonly reversible: boolean;
  readonly timeoutMs: number;
}

export interface WebhookHook {
  readonly kind: "webhook";
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly undoUrl?: string;
  readonly reversible: boolean;
  readonly timeoutMs: number;
}

export interface CleanSpec {
  readonly root: string;
  readonly pattern: string;
  readonly olderThanMs: number;
}

export interface ResourceSpec {
  /** `kind/name`. */
  readonly id: string;
  /** http tcp dns tls command files log heartbeat prometheus host; vault of a vault. */
  readonly kind: string;
  readonly mode: Mode;
  readonly probe: ProbeSpec;
  readonly dependsOn: readonly string[];
  readonly strategies: readonly string[];
  readonly hooks: HookSpecs;
  readonly approvals: Readonly<Record<string, "never" | "always">>;
  readonly severity: "low" | "medium" | "high" | "critical";
}

export interface Budgets {
  /** Actions on one resource, and on the whole fleet, within the window. */
  readonly perResource: number;
  readonly perFleet: number;
  readonly windowMs: number;
  /** Pause between two attempts on one resource; grows with each failed one. */
  readonly coolDownMs: number;
  readonly coolDownMaxMs: number;
  /** Crashes in a row, without a healthy run between them, that put an instance into quarantine. */
  readonly crashes: number;
  /** Crashes that are so near to each other are a loop. */
  readonly crashWindowMs: number;
  /** A run of this length counts as healthy: counters start anew. */
  readonly healthyRunMs: number;
  /** What comes back so often within the window, healed each time, is told to a person. */
  readonly relapses: number;
  readonly relapseWindowMs: number;
}

export interface Detection {
  /** Time that observations must stay good until a failure counts as healed. */
  readonly watchMs: number;
  readonly verifyDeadlineMs: number;
  /** The same failure again within this time is a relapse. */
  readonly relapseMs: number;
  /** Failures that begin within this time of a cause may be its victims. */
  readonly correlateMs: number;
  /** An exhaustion that is nearer than this is acted upon. */
  readonly exhaustionLeadMs: number;
  readonly diskFullWithinMs: number;
  readonly certificateDays: number;
  readonly clockJumpMs: number;
  /** Whether what is far from the usual is told. */
  readonly deviation: boolean;
  /** Only what is declared is judged. */
  readonly thresholds: {
    /** Share of failed looks, and of failed requests at the front proxy. */
    readonly errorRate?: number;
    /** Of a good answer to a probe. */
    readonly responseTimeMs?: number;
    /** Of the machine; `host/NAME` may have its own. */
    readonly memoryUsage?: number;
    readonly cpuUsage?: number;
  };
  /** tcp `host:port` that tell whether the watcher itself has a network; empty: not asked. */
  readonly connectivity: readonly string[];
}
