/** How a vault gets at databases: dumps and streams, from what people write. */
import { parseDurationMs } from "../kernel/index.ts";
import { homePathOf } from "./resolve-locations.ts";
import { complain, msOf, type Scope, wordsOf } from "./resolve-scope.ts";
import { scheduleWordsMs, type WrittenDump, type WrittenStream } from "./schema-vaults.ts";
import { secretsOf } from "./secret.ts";
import type { TreePath } from "./tree.ts";
import type { DumpSpec, StreamSpec, VaultSchedule } from "./vault-spec.ts";

export function scheduleOf(written: string | number): VaultSchedule {
  const everyMs = scheduleWordsMs[written] ?? parseDurationMs(written);
  return everyMs === undefined
    ? { kind: "cron", cron: String(written).trim().replaceAll(/\s+/g, " ") }
    : { kind: "every", everyMs };
}

export function dumpOf(scope: Scope, path: TreePath, written: WrittenDump): DumpSpec {
  const shared = {
    timeoutMs: msOf(written.timeout),
    env: secretsOf(scope, [...path, "env"], written.env).values,
  };
  if (written.sqlite !== undefined) {
    const file = homePathOf(scope, [...path, "sqlite"], written.sqlite);
    return { kind: "sqlite", path: file ?? "", ...shared };
  }
  const kinds = ["pg_dump", "mariadb_dump", "command"] as const;
  const kind = kinds.find((each) => written[each] !== undefined) ?? "command";
  const words = wordsOf(scope, [...path, kind], written[kind] ?? []);
  if (kind !== "command") refusePassword(scope, [...path, kind], words);
  return { kind, words, ...shared };
}

export function streamOf(scope: Scope, path: TreePath, written: WrittenStream): StreamSpec {
  const kind = written.postgres === undefined ? "mariadb" : "postgres";
  const words = wordsOf(scope, [...path, kind], written[kind] ?? []);
  refusePassword(scope, [...path, kind], words);
  return {
    kind,
    words,
    base: scheduleOf(written.base),
    pauseMs: msOf(written.pause),
    timeoutMs: msOf(written.timeout),
    env: secretsOf(scope, [...path, "env"], written.env).values,
  };
}

/** Everybody on a machine sees the arguments of its programs. */
function refusePassword(scope: Scope, path: TreePath, words: readonly string[]): void {
  const variable =
    path.at(-1) === "postgres" || path.at(-1) === "pg_dump" ? "PGPASSWORD" : "MYSQL_PWD";
  const patterns = [/^--password=./, /\bpassword\s*=/, /:\/\/[^\s:/@]*:[^\s@/]+@/];
  if (variable === "MYSQL_PWD") patterns.push(/^-p./);
  if (!words.some((word) => patterns.some((pattern) => pattern.test(word)))) return;
  complain(scope, path, {
    message: "a password stands in the arguments, where everybody on this machine can read it",
    fix: `write env: { ${variable}: { env: NAME } } beside it`,
  });
}
