/** The package of this checkout: building and packing it takes as long as many tests. */
import { existsSync } from "node:fs";
import { mkdtemp, rename } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { packCheckout } from "../../bench/rig/packed-package.ts";

/** The tarball, packed by the first file of a run that asks; two at once each pack the same. */
export async function packedOnce(): Promise<string> {
  const tarball = join(inject("runFolder"), "soulmirror.tgz");
  if (existsSync(tarball)) return tarball;
  const folder = await mkdtemp(join(inject("runFolder"), "packing-"));
  await rename(await packCheckout(folder), tarball);
  return tarball;
}
