/**
 * The command line of the package as it is published: what a user runs has no types to strip and
 * loads fewer files, and both cost time and memory.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packCheckout } from "../rig/packed-package.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

export interface PublishedProgram extends AsyncDisposable {
  readonly path: string;
}

export async function publishedProgram(): Promise<PublishedProgram> {
  const folder = await mkdtemp(join(tmpdir(), "bench-vault-"));
  const tarball = await packCheckout(folder);
  await run("tar", ["-xzf", tarball, "-C", folder]);
  const published = join(folder, "package");
  await symlink(join(root, "node_modules"), join(published, "node_modules"));
  return {
    path: join(published, "bin", "soulmirror.js"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
