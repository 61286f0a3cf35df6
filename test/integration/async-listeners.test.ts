import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFileOperations, patchFileSystem } from "../../src/engine/files/index.ts";
import { Findings } from "../../src/engine/files/patch/findings.ts";
import { until } from "../until.ts";

const unhandled: unknown[] = [];
const hear = (reason: unknown): void => void unhandled.push(reason);
let before: readonly NodeJS.UnhandledRejectionListener[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soulmirror-listeners-"));
  unhandled.length = 0;
  before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", hear);
});

afterEach(() => {
  process.off("unhandledRejection", hear);
  for (const listener of before) process.on("unhandledRejection", listener);
  rmSync(folder, { recursive: true, force: true });
});

/** A rejection that is unhandled is told before the next turn. */
async function expectNoneUnhandled(called: () => number): Promise<void> {
  await until(() => called() > 0);
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
}

function rejecting() {
  let calls = 0;
  const listener = (): unknown => {
    calls += 1;
    return Promise.reject(new Error("a listener has failed"));
  };
  return { listener, called: () => calls };
}

test("who hears of healed files may be async and reject: the process goes on", async () => {
  const { listener, called } = rejecting();
  const files = createFileOperations({ onHealed: listener });
  await files.safeWriteFile(join(folder, "a", "b", "c.txt"), "text");
  await expectNoneUnhandled(called);
});

test("the same where fs itself is healed", async () => {
  const { listener, called } = rejecting();
  const undo = patchFileSystem({ mode: "heal", onHealed: listener });
  try {
    const { promises } = await import("node:fs");
    await promises.writeFile(join(folder, "x", "y.txt"), "text");
  } finally {
    undo();
  }
  await expectNoneUnhandled(called);
});

test("and who hears of findings", async () => {
  const { listener, called } = rejecting();
  const findings = new Findings({ onFinding: listener });
  findings.tell(
    { operation: "fs", type: "file_race", reason: "seen", evidence: {} },
    ["here"],
    "/",
  );
  await expectNoneUnhandled(called);
});
