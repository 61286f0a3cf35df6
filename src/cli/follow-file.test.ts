import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { followFile } from "./follow-file.ts";

it("tells each new line once, over both kinds of rotation", async () => {
  const folder = mkdtempSync(join(tmpdir(), "follow-"));
  try {
    const path = join(folder, "daemon.log");
    writeFileSync(path, "old\n");
    const over = new AbortController();
    const lines = followFile(path, over.signal);
    const next = async (): Promise<string> => (await lines.next()).value as string;
    const first = next();
    appendFileSync(path, "one\ntwo\nhalf");
    expect([await first, await next()]).toEqual(["one", "two"]);
    const third = next();
    appendFileSync(path, " a line\n");
    expect(await third).toBe("half a line");
    appendFileSync(path, "last of the old file\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "first of the new one\n");
    expect([await next(), await next()]).toEqual(["last of the old file", "first of the new one"]);
    truncateSync(path);
    appendFileSync(path, "emptied\n");
    expect(await next()).toBe("emptied");
    over.abort();
    expect((await lines.next()).done).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
