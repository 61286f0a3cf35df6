/**
 * The vault that a command is about, from the fleet file.
 *
 * 1. From here on no program that is started inherits a passphrase: what holds one is taken out of
 *    the environment, and read from a copy.
 */
import { type ConfigText, passphraseVariables, type VaultSpec } from "../../config/index.ts";
import {
  locationsOf,
  type OpenedVault,
  type Opening,
  openVault,
  passphraseOf,
} from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { readSecretFile, withdrawVariables } from "../../system/index.ts";
import type { Context } from "../command.ts";
import { plainText } from "../plain-text.ts";
import { mustReadFleet } from "../read-fleet.ts";

/** As it was given to this process. */
const environment: Readonly<Record<string, string | undefined>> = { ...process.env };

/** @param texts instead of what the fleet file and those beside it say now */
export function chosenVault({ args, place }: Context, texts?: readonly ConfigText[]): VaultSpec {
  const path = texts?.[0]?.path ?? place.fleetPath;
  const reading = { path, port: place.port, texts, environment };
  const { fleet } = mustReadFleet(reading);
  withdrawVariables(passphraseVariables(fleet));
  const specs = Object.values(fleet.vaults);
  const [wanted] = args;
  const spec = wanted === undefined ? onlyOne(specs) : specs.find(({ name }) => name === wanted);
  if (spec === undefined) {
    const known = specs.map(({ name }) => name).join(", ");
    throw new SoulMirrorError("NOT_FOUND", `there is no vault ${wanted ?? ""}`.trim(), {
      fix: known === "" ? "declare it below `vaults` in the fleet file" : `declared: ${known}`,
    });
  }
  return spec;
}

/** Secrets of it: nothing of them is shown or kept. */
export function openingOf(
  spec: VaultSpec,
): Pick<Opening, "locations" | "passphrase" | "uploadBytesPerSecond"> {
  const places = { environment, readFile: readSecretFile };
  return {
    passphrase: passphraseOf(spec.passphrase, places),
    locations: locationsOf(spec.locations, environment),
    uploadBytesPerSecond: spec.limits.uploadBytesPerSecond,
  };
}

export async function openChosen(
  { out }: Context,
  spec: VaultSpec,
  {
    onNote = (text) => out.note(text),
    ...options
  }: Pick<Opening, "mending" | "signal"> & {
    /** Where notes are not to be written beside the result: they would spoil a picture. */
    readonly onNote?: (text: string) => void;
  },
): Promise<OpenedVault> {
  const opened = await openVault({
    ...openingOf(spec),
    ...options,
    onDamage: ({ id, kind, location, reason }) =>
      onNote(plainText(`damage: ${location}: ${kind} ${id}: ${reason}`)),
  });
  for (const { location, reason } of opened.leftOut) {
    onNote(plainText(`warning: ${location} is left out: ${reason}`));
  }
  return opened;
}

function onlyOne(specs: readonly VaultSpec[]): VaultSpec | undefined {
  if (specs.length <= 1) return specs[0];
  const names = specs.map(({ name }) => name).join(", ");
  throw new SoulMirrorError("BAD_REQUEST", `the fleet has ${specs.length} vaults`, {
    fix: `name one of them: ${names}`,
  });
}
