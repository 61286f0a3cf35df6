/** From what programs write to what opens a vault. */
import { resolve } from "node:path";
import { locationsOf, type Opening, type ReadableVault } from "../../custodian/index.ts";
import { nameOfAddress, parseLocationAddress, SoulMirrorError } from "../../kernel/index.ts";
import { privateDirectory } from "../../system/index.ts";
import type { VaultLocation, VaultOptions } from "./shapes.ts";

export type Specs = Parameters<typeof locationsOf>[0];

/** Locations are closed by who opens them: each opening has its own. */
export function openingOf(options: VaultOptions): Opening {
  const { onNotice, passphrase, uploadBytesPerSecond } = options;
  if (passphrase === "") throw new SoulMirrorError("OPTIONS_INVALID", "the passphrase is empty");
  return {
    passphrase,
    signal: signalOf(options),
    locations: locationsOf(specsOf(options), process.env),
    uploadBytesPerSecond,
    onDamage: ({ id, kind, location, reason }) =>
      onNotice?.(`damage: ${location}: ${kind} ${id}: ${reason}`),
  };
}

export function signalOf({ signal }: VaultOptions): AbortSignal {
  return signal ?? new AbortController().signal;
}

export function readableOf(vault: ReadableVault["vault"], options: VaultOptions): ReadableVault {
  return { vault, folder: folderOf(options), signal: signalOf(options) };
}

/** Made when it is missing, for its owner alone. */
export function folderOf({ dataFolder }: VaultOptions): string {
  return privateDirectory(resolve(dataFolder));
}

export function specsOf({ locations }: VaultOptions): Specs {
  return locations.map((each) => {
    const written: VaultLocation = typeof each === "string" ? { url: each } : each;
    const { authority, isAppendOnly = false, region = "", url, ...others } = written;
    const base = { folder: process.cwd(), home: process.env["HOME"] };
    const address = parseLocationAddress(url, base);
    if (!address.ok) {
      const { fix, message } = address.error;
      throw new SoulMirrorError("OPTIONS_INVALID", message, { fix });
    }
    const credentials = authority === undefined ? others : { ...others, authorities: authority };
    const name = nameOfAddress(address.value);
    return { address: address.value, name, region, isAppendOnly, credentials };
  });
}
