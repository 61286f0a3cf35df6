/** A restore into place, which is one to `/`: in a space of its own, where the source is lost. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../afterwards.ts";
import { pictureOf } from "../integration/tree-picture.ts";
import { inFolders, makeVault, work } from "../integration/vault-work.ts";

const program = fileURLToPath(new URL("../integration/vault-kill-program.ts", import.meta.url));

test("what is lost is back in its place, and no folder above it is touched", async () => {
  const folder = temporaryFolder("vault-root");
  await makeVault(inFolders(folder));
  const source = join(folder, "source");
  mkdirSync(join(source, "below", "deeper"), { recursive: true });
  writeFileSync(join(source, "below", "owned"), "of somebody else");
  chownSync(join(source, "below", "owned"), 1234, 5678);
  chmodSync(join(source, "below", "owned"), 0o4751);
  linkSync(join(source, "below", "owned"), join(source, "the same"));
  symlinkSync("/etc/hostname", join(source, "link"));
  execFileSync("mkfifo", [join(source, "pipe")]);
  execFileSync("mknod", [join(source, "null"), "c", "1", "3"]);
  await work(inFolders(folder), "backup");
  const picture = pictureOf(source);
  const above = (): readonly string[] =>
    ["/", "/tmp", folder].map((path) => {
      const { gid, mode, uid } = statSync(path);
      return `${path} ${mode} ${uid}:${gid}`;
    });
  // Not as it was in the snapshot: that is nobody's wish to be undone.
  chmodSync(folder, 0o711);
  const before = above();

  // Behind the mount everything of the source is gone; what comes back goes with it.
  const script = [
    'mount -t tmpfs -o mode=700 none "$1/source"',
    'echo go | "$2" "$3" "$1" restore /',
    'cp -a "$1/source" "$1/came-back"',
  ].join(" && ");
  execFileSync("unshare", ["-m", "sh", "-c", script, "sh", folder, process.execPath, program]);
  expect(above()).toEqual(before);
  expect(pictureOf(join(folder, "came-back"))).toBe(picture);
  expect(readFileSync(join(folder, "came-back", "the same"), "utf8")).toBe("of somebody else");
}, 200_000);
