/** What the fleet file says of a vault, resolved: all times in milliseconds, all sizes in bytes. */
import type { LocationAddress } from "../kernel/index.ts";
import type { SecretSource } from "./fleet.ts";

export interface VaultSpec {
  readonly name: string;
  /** Absolute folders; none lies in another. */
  readonly sources: readonly string[];
  /** Patterns of what is left out. Locations inside of a source are left out by themselves. */
  readonly exclude: readonly string[];
  /** Patterns by the name of their category; a path is of the first one that fits. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  readonly locations: readonly VaultLocationSpec[];
  /** A backup succeeds when so many locations hold it whole. */
  readonly quorum: number;
  /** The passphrase itself is never part of the fleet. */
  readonly passphrase: SecretSource;
  readonly schedule: VaultSchedule;
  /** Whether changes are protected at once. */
  readonly watch: boolean;
  /** 0: no such rule. */
  readonly keep: {
    readonly last: number;
    readonly hourly: number;
    readonly daily: number;
    readonly weekly: number;
    readonly monthly: number;
    readonly yearly: number;
    readonly withinMs: number;
  };
  /** For each category. */
  readonly heal: Readonly<Record<string, HealPolicy>>;
  /** Undefined: never. */
  readonly drill?: VaultSchedule;
  /** The category `critical` is read in full so often. */
  readonly scrubMs: number;
  readonly check: {
    /** All that locations hold is read once within this time ... */
    readonly fullWithinMs: number;
    /** ... but never faster than this. */
    readonly bytesPerSecond: number;
  };
  /** What is run before a backup, by name: what it writes is part of the backup. */
  readonly dumps: Readonly<Record<string, DumpSpec>>;
  /** Databases that are received as they change, by name. */
  readonly streams: Readonly<Record<string, StreamSpec>>;
  readonly limits: {
    /** Undefined: as fast as it goes. */
    readonly uploadBytesPerSecond?: number;
    /** Undefined: by the machine. */
    readonly threads?: number;
    readonly memoryBytes: number;
  };
}

export interface VaultLocationSpec {
  readonly address: LocationAddress;
  /** Its address without what is secret. */
  readonly name: string;
  /** Empty: not said. */
  readonly region: string;
  readonly isAppendOnly: boolean;
  readonly credentials: LocationCredentials;
}

/** What reaching it takes besides its address; the environment tells what is missing here. */
export interface LocationCredentials {
  /** Of SFTP: the file of the private key. */
  readonly identityFile?: string;
  /** Of REST and S3: PEM of the authorities that vouch for the server. */
  readonly authorities?: string;
  readonly password?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly sessionToken?: string;
}

export type HealPolicy = "restore" | "ask" | "leave";

export type VaultSchedule =
  | { readonly kind: "every"; readonly everyMs: number }
  /** Five fields, in local time. */
  | { readonly kind: "cron"; readonly cron: string };

export type DumpSpec = {
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string>>;
} & (
  | { readonly kind: "sqlite"; readonly path: string }
  /** `words` are arguments of `pg_dump` and `mariadb-dump`, and the whole of a `command`. */
  | { readonly kind: "pg_dump" | "mariadb_dump" | "command"; readonly words: readonly string[] }
);

/** How the agent of a vault is run. */
export interface VaultAgent {
  /** The vault's name goes behind it. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface StreamSpec {
  readonly kind: "postgres" | "mariadb";
  /** Where the server is, as options of its own programs. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** When everything is copied anew. */
  readonly base: VaultSchedule;
  /** So often is what was received put where backups find it. */
  readonly pauseMs: number;
  /** Of a copy of everything. */
  readonly timeoutMs: number;
}
