/** The daemon's own logs under lines that never end. */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { readAnchors } from "../../src/cli/anchors.ts";
import { createDaemonLog } from "../../src/daemon/daemon-log.ts";
import { keepLogs } from "../../src/daemon/keep-logs.ts";
import { Redaction } from "../../src/daemon/redaction.ts";
import { realTimers } from "../../src/system/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const maxBytes = 20_000;

test("they are bounded, and no line of the one is divided (L1, L2)", async () => {
  using stack = new DisposableStack();
  const logs = temporaryFolder("daemon-logs");
  const log = createDaemonLog(join(logs, "daemon.log"), new Redaction());
  stack.defer(() => log.close());
  // As it is handed to a daemon that is started.
  const words = openSync(join(logs, "daemon.out"), "a");
  stack.defer(() => closeSync(words));
  stack.defer(keepLogs({ logs, log, timers: realTimers, everyMs: 5, maxBytes, keep: 2 }));

  let position = 0;
  const isFull = (): boolean => readdirSync(logs).length === 6;
  const limit = AbortSignal.timeout(20_000);
  // Until all generations are there, and some more, so that the oldest have gone.
  for (let more = 20; more > 0 && !limit.aborted; more -= isFull() ? 1 : 0) {
    for (let line = 0; line < 50; line += 1) {
      log.info("anchor", { position: (position += 1), seal: "s" });
      writeSync(words, `warning ${position} ${"x".repeat(60)}\n`);
    }
    await pause(5);
  }
  const files = ["daemon.log", "daemon.log.1", "daemon.log.2", "daemon.out", "daemon.out.1"];
  expect(readdirSync(logs).toSorted()).toEqual([...files, "daemon.out.2"]);
  const positions = readAnchors(logs).map((anchor) => anchor.position);
  const sorted = positions.toSorted((a, b) => a - b);
  expect(sorted.at(-1)).toBe(position);
  expect(sorted).toEqual(sorted.map((_, index) => (sorted[0] ?? 0) + index));
  expect(sorted[0]).toBeGreaterThan(1);
  expect(readFileSync(join(logs, "daemon.out"), "utf8")).toContain(`warning ${position} `);
});
