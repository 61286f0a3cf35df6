/**
 * Any interleaving of writers and readers of one process. A real folder: what is promised is what
 * the kernel shows.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createFileOperations } from "./operations.ts";
import { filesInTurn } from "./turns.ts";

const place = mkdtempSync(join(tmpdir(), "turns-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));
let made = 0;

const step = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), size: fc.integer({ min: 1, max: 200_000 }) }),
  fc.record({ kind: fc.constant("link" as const), size: fc.integer({ min: 1, max: 2000 }) }),
  fc.record({ kind: fc.constant("read" as const), size: fc.constant(0) }),
  fc.record({ kind: fc.constant("plain" as const), size: fc.constant(0) }),
  fc.record({ kind: fc.constant("turn" as const), size: fc.constant(0) }),
);

test("T1: nobody ever sees a torn content, a reader sees what was asked for before it, and the last one wins", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), async (steps) => {
      made += 1;
      const path = join(place, `f${made}`);
      symlinkSync(path, `${path}-link`);
      const files = createFileOperations({ durable: false, settleMs: 0 });
      await files.safeWriteFile(path, "-1 1 x");
      let last = "-1";
      const running: Promise<unknown>[] = [];
      for (const [index, { kind, size }] of steps.entries()) {
        if (kind === "write" || kind === "link") {
          last = `${index}`;
          const where = kind === "link" ? `${path}-link` : path;
          running.push(files.safeWriteFile(where, `${index} ${size} ${"x".repeat(size)}`));
        } else if (kind === "read") {
          const due = Number(last);
          running.push(
            files
              .safeReadFile(path, "utf8")
              .then((text) => expect(indexOf(text)).toBeGreaterThanOrEqual(due)),
          );
        } else if (kind === "plain") {
          running.push(readFile(path, "utf8").then(indexOf));
        } else {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await Promise.all(running);
      expect(indexOf(readFileSync(path, "utf8"))).toBe(Number(last));
      expect(filesInTurn()).toBe(0);
    }),
    { numRuns: 40 },
  );
});

/** Which write it was; fails for what no write has ever written. */
function indexOf(text: string): number {
  const [index = "", size = "", content = ""] = text.split(" ");
  expect(content).toBe("x".repeat(Number(size)));
  return Number(index);
}
