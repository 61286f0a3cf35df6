import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../afterwards.ts";

it("mounts below and over a root are noticed, and the kernel's limit of watches is named", () => {
  const program = join(import.meta.dirname, "watch-mounts.ts");
  const words = ["-rm", process.execPath, program, temporaryFolder("watch-mounts")];
  const said = execFileSync("unshare", words, { encoding: "utf8", timeout: 100_000 });
  expect(JSON.parse(said)).toEqual({
    steps: [
      ["reconcile start"],
      ["reconcile mounts"],
      ["reconcile mounts"],
      ["gone", "back", "reconcile back"],
      ["gone", "back", "reconcile back"],
    ],
    scanning: {
      kind: "scanning",
      folderCount: 61,
      reason: "the kernel gives no more watches",
      fix: "sysctl -w fs.inotify.max_user_watches=256, and the same line in a file of /etc/sysctl.d",
    },
    figures: { folderCount: 101, watchCount: 40 },
  });
});
