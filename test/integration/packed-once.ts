/** The package of this checkout: building and packing it takes as long as many tests. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { packCheckout } from "../../bench/rig/packed-package.ts";
import { runFolder } from "../run-folder.ts";
import { until } from "../until.ts";

/** The tarball, packed by the first file of a run that asks; the others wait for it. */
export async function packedOnce(): Promise<string> {
  const tarball = join(runFolder(), "soulmirror.tgz");
  const claim = `${tarball}-claimed`;
  const isOurs = (): Promise<boolean> =>
    mkdir(claim).then(
      () => true,
      () => false,
    );
  await until(async () => existsSync(tarball) || (await isOurs()), { limitMs: 110_000 });
  if (existsSync(tarball)) return tarball;
  try {
    await rename(await packCheckout(await mkdtemp(join(runFolder(), "packing-"))), tarball);
  } finally {
    // Behind a failure the next one tries it again.
    await rmdir(claim);
  }
  return tarball;
}
