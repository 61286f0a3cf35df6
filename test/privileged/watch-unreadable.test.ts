/** A folder that the watching process may not read: root, who may, starts it as somebody else. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

test("a folder without the right to read is told, and watched as soon as there is one", async () => {
  const root = temporaryFolder("watch");
  const closed = join(root, "closed");
  mkdirSync(join(closed, "below"), { recursive: true });
  chmodSync(root, 0o755);
  chmodSync(closed, 0o700);
  const script = join(import.meta.dirname, "..", "integration", "watch-program.ts");
  const nobody = { uid: 65_534, gid: 65_534 };
  const program = spawn(process.execPath, [script, root], {
    stdio: ["ignore", "pipe", "inherit"],
    ...nobody,
  });
  afterwards(() => program.kill("SIGKILL"));
  let said = "";
  program.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const hear = (text: string): Promise<void> =>
    until(() => said.includes(text), { what: text, seen: () => said });
  await hear(JSON.stringify({ kind: "unreadable", folder: closed, code: "EACCES" }));
  await hear('"reason":"start"');
  said = "";
  chmodSync(closed, 0o755);
  await hear(join(closed, "below"));
  said = "";
  writeFileSync(join(closed, "below", "file"), "");
  await hear(join(closed, "below"));
});
