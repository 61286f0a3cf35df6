import type { Fleet } from "./fleet.ts";

/**
 * The variables of the environment that hold passphrases of vaults: for nobody but who opens them.
 */
export function passphraseVariables({ vaults }: Pick<Fleet, "vaults">): readonly string[] {
  return Object.values(vaults).flatMap(({ passphrase }) =>
    "env" in passphrase ? [passphrase.env] : [],
  );
}
