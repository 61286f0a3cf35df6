/** What people write of a vault: what is protected, where it is kept, and for how long. */
import { Cron } from "croner";
import { z } from "zod";
import { parseDurationMs } from "../kernel/index.ts";
import {
  command,
  duration,
  interval,
  named,
  oneOf,
  record,
  secretPlace,
  secretText,
  size,
  text,
  texts,
  whole,
  yesOrNo,
} from "./schema-values.ts";

/** Shorter ones would be a storm of backups; what changes is protected at once by watching. */
const shortestMs = 10_000;

const scheduleError =
  "expected hourly, daily, weekly, a duration or five cron fields\nwrite hourly, 6h or '30 3 * * *'";

const schedule = z
  .union([z.string(), z.number()], { error: scheduleError })
  .superRefine((value, context) => {
    const fault = faultOfSchedule(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  })
  .describe("hourly, daily, weekly, a duration (6h), or five cron fields in local time");

export const scheduleWordsMs: Readonly<Record<string, number>> = {
  hourly: 3_600_000,
  daily: 86_400_000,
  weekly: 7 * 86_400_000,
};

function faultOfSchedule(value: string | number): string | undefined {
  if (typeof value === "string" && value in scheduleWordsMs) return undefined;
  const everyMs = parseDurationMs(value);
  if (everyMs !== undefined) {
    return everyMs < shortestMs ? "it is shorter than 10s\nwrite at least 10s" : undefined;
  }
  if (String(value).trim().split(/\s+/).length !== 5) return scheduleError;
  try {
    const next = new Cron(String(value), { mode: "5-part" }).nextRun("1970-01-01T00:00:00");
    return next === null ? "it never comes\nname a day that there is" : undefined;
  } catch (error) {
    // Only people's schedules end here, and its words name what is wrong with them.
    const reason = error instanceof Error ? error.message : "not a schedule";
    return `${reason.replace(/^CronPattern: /, "")}\ncorrect the schedule`;
  }
}

const location = z
  .union(
    [
      text,
      record({
        url: z
          .union([text, secretPlace], { error: "expected an address\nwrite file:/srv/vault" })
          .describe("file:, sftp:, s3: or rest: address, or { env: NAME } or { file: PATH } of it"),
        region: text.default("").describe("Where it stands: spread is counted in regions"),
        append_only: yesOrNo.default(false).describe("Its server refuses to remove anything"),
        identity: text.optional().describe("File of the private key for SFTP"),
        authorities: text.optional().describe("File of certificates (PEM) for rest: and s3:"),
        password: secretText.optional().describe("For rest:"),
        access_key: secretText.optional().describe("For s3:"),
        secret_key: secretText.optional().describe("For s3:"),
        session_token: secretText.optional().describe("For s3:"),
      }),
    ],
    { error: "expected an address or { url, region, append_only }\nwrite file:/srv/vault" },
  )
  .describe("Address of a place that holds the whole vault");

const keptCount = whole(0, 100_000);

const keep = record({
  last: keptCount.default(24),
  hourly: keptCount.default(48),
  daily: keptCount.default(30),
  weekly: keptCount.default(12),
  monthly: keptCount.default(24),
  yearly: keptCount.default(0),
  within: duration.default("0s").describe("Everything that is not older than the newest by more"),
});

const dump = record({
  sqlite: text.optional().describe("Database file, copied by SQLite's own backup"),
  pg_dump: command.optional().describe("Arguments of pg_dump"),
  mariadb_dump: command.optional().describe("Arguments of mariadb-dump"),
  command: command.optional().describe("Writes the dump to its standard output"),
  env: z
    .record(z.string(), secretText, { error: "expected variables\nwrite { NAME: value }" })
    .optional(),
  timeout: duration.default("10m"),
}).refine(
  (each) =>
    [each.sqlite, each.pg_dump, each.mariadb_dump, each.command].filter(
      (value) => value !== undefined,
    ).length === 1,
  { error: "it names not exactly one kind of dump\nwrite { sqlite: ./ledger.db }" },
);

const stream = record({
  postgres: command.optional().describe("Where it is: options of pg_receivewal, --host=db"),
  mariadb: command.optional().describe("Where it is: options of mariadb-binlog, --host=db"),
  base: schedule.default("daily").describe("When everything is copied anew"),
  pause: interval.default("10s").describe("So often is what was received put into the vault"),
  env: z
    .record(z.string(), secretText, { error: "expected variables\nwrite { NAME: value }" })
    .optional(),
  timeout: duration.default("6h").describe("So long may a copy of everything take"),
}).refine((each) => (each.postgres === undefined) !== (each.mariadb === undefined), {
  error: "it names not exactly one kind of server\nwrite { postgres: --host=db }",
});

export const vault = record({
  sources: texts.describe("Folders: everything below them is protected, hidden ones too"),
  exclude: texts.prefault([]).describe("Globs of what is left out"),
  categories: named(texts, "category")
    .prefault({})
    .describe("Globs by category; the first one that fits counts"),
  locations: z
    .array(location, { error: "expected a list of addresses\nwrite [file:/srv/vault]" })
    .min(1, { error: "there is no location\nname at least one, for example file:/srv/vault" })
    .describe("Where it is kept: each is a whole repository"),
  quorum: whole(1, 100)
    .optional()
    .describe("So many locations must hold a backup; default 2, or 1 where there is one"),
  passphrase: secretPlace.describe("{ env: NAME } or { file: PATH } that holds it"),
  schedule: schedule.default("hourly").describe("When everything is looked at"),
  watch: yesOrNo.default(true).describe("Whether changes are protected at once"),
  keep: keep.prefault({}).describe("Which snapshots stay, counted by their arrival"),
  heal: z
    .record(z.string(), oneOf(["restore", "ask", "leave"]), {
      error: "expected what to do by category\nwrite { critical: restore }",
    })
    .prefault({})
    .describe("What to do when a protected file vanishes or rots, by category"),
  drill: z
    .union([schedule, z.literal(false)], {
      error: "expected a schedule or false\nwrite daily",
    })
    .default("daily")
    .describe("When a restore is tried and compared byte for byte; false: never"),
  scrub: duration.default("24h").describe("So often is all that is critical read in full"),
  check: record({
    full_within: duration.default("30d").describe("All that locations hold is read once in it"),
    rate: size.default("4MB").describe("But never more than this a second"),
  })
    .prefault({})
    .describe("How what is stored is read again"),
  dumps: named(dump, "dump")
    .prefault({})
    .describe("Run before a backup; their output is part of it"),
  streams: named(stream, "stream")
    .prefault({})
    .describe("Databases that are received as they change, for any moment to go back to"),
  limits: record({
    upload_rate: size.optional().describe("Bytes a second, of all locations together"),
    threads: whole(1, 256).optional(),
    memory: size.default("512MB"),
  }).prefault({}),
});

export type WrittenVault = z.infer<typeof vault>;
export type WrittenLocation = z.infer<typeof location>;
export type WrittenDump = z.infer<typeof dump>;
export type WrittenStream = z.infer<typeof stream>;
