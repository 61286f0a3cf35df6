/**
 * Where vaults are kept: does each place answer, and does it hold a repository? Nothing is changed.
 */
import type { Fleet, VaultLocationSpec } from "../config/index.ts";
import { locationsOf } from "../custodian/index.ts";
import { messageOf } from "../kernel/index.ts";
import { LocationFault } from "../vault/index.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";
import { plainText } from "./plain-text.ts";

/** Of one place; they are asked beside each other. */
const answersWithinMs = 15_000;

export async function examineVaults({ vaults }: Fleet): Promise<readonly DoctorCheck[]> {
  const asked = Object.values(vaults).flatMap(({ locations, name }) =>
    locations.map((spec) => examine(name, spec)),
  );
  return await Promise.all(asked);
}

async function examine(vault: string, spec: VaultLocationSpec): Promise<DoctorCheck> {
  const name = `vault ${vault}`;
  try {
    await using opened = new AsyncDisposableStack();
    const locations = locationsOf([spec], process.env).map((each) => opened.use(each));
    const config = { kind: "config", id: "" } as const;
    for (const location of locations) {
      const size = await location.stat(config, AbortSignal.timeout(answersWithinMs));
      if (size === undefined) return warn(name, `${spec.name} holds no repository`, initFix);
    }
    return ok(name, `${spec.name} holds a repository`);
  } catch (error) {
    const told = plainText(messageOf(error));
    if (error instanceof LocationFault && error.isNoRepository) return warn(name, told, initFix);
    const isSftp = spec.address.kind === "sftp";
    const fix = isSftp ? `${reachFix}; log in once with ssh: it asks about the host key` : reachFix;
    return fail(name, told, fix);
  }
}

const initFix = "mount what holds it, or make it with `soulmirror vault init`";
const reachFix = "reach it, or correct it in the fleet file";
