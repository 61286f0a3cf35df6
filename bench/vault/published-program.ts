/**
 * `bench/vault-backup.ts` on top of the package as it is published: what a user runs has no types
 * to strip and loads fewer files, and both cost time and memory.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
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
  const source = await readFile(join(root, "bench", "vault-backup.ts"), "utf8");
  const text = source.replaceAll(/"\.\.\/src\/(.+)\.ts"/g, `"${published}/dist/$1.js"`);
  const path = join(published, "vault-backup.js");
  await writeFile(path, stripTypeScriptTypes(text));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
