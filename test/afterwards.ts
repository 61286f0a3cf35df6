/**
 * What a test, or a `beforeEach`, has begun is ended behind the test, whether that passed or not:
 * the last thing first. What lives as long as a file or a block does is ended by its `afterAll`.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export function afterwards(...ends: readonly (() => unknown)[]): void {
  for (const end of ends) {
    onTestFinished(async () => {
      await end();
    });
  }
}

/** A folder that goes with the test, by its real path: of a link on the way nobody is to know. */
export function temporaryFolder(name: string): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `${name}-`)));
  afterwards(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
