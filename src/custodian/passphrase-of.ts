import { readSecret, type SecretPlaces, type SecretSource } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";

/** Read when it is needed, from where the fleet file says that it is; it is kept nowhere. */
export function passphraseOf(source: SecretSource, places: SecretPlaces): string {
  const found = readSecret(source, places);
  if (found.ok && found.value !== "") return found.value;
  const message = found.ok ? "the passphrase of the vault is empty" : found.error;
  throw new SoulMirrorError("CONFIG_INVALID", message, {
    fix: "env" in source ? `set ${source.env} or ${source.env}_FILE` : "write it into that file",
  });
}
