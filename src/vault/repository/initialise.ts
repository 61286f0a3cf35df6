/**
 * Makes a repository at every location of a vault, with the same keys and the same config, so that
 * what is sealed once fits all of them.
 *
 * I1. Where something lies already, nothing is made but empty folders: neither there nor anywhere
 *     else. The folders come first, for a location that has none cannot be told from one whose disk
 *     is not mounted.
 * I2. Keys first, the config last: what has a config is complete.
 * I3. Keys of a beginning that came to no config are taken away, now or by the next beginning: the
 *     passphrase opens them as well, and who tries them first takes the repository for damaged.
 */
import { Buffer } from "node:buffer";
import { formatUtcSecond, SoulMirrorError } from "../../kernel/index.ts";
import { choosePolynomial } from "../chunk/polynomial.ts";
import { sealConfig } from "../format/config.ts";
import { createKeyFile, type KeyTools, type ScryptCost } from "../format/keys.ts";
import { createSealer } from "../format/seal.ts";
import type { FileKind, FileName, Location } from "../location.ts";
import { hexDigestOf } from "./codec.ts";
import type { Surroundings } from "./surroundings.ts";

export interface InitialiseOptions {
  readonly locations: readonly Location[];
  readonly passphrase: string;
  readonly tools: KeyTools;
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
  /** Of guessing the passphrase, which each opening pays once. Default: that of restic. */
  readonly cost?: ScryptCost;
}

/**
 * @returns the id of the repository
 * @throws SoulMirrorError CONFLICT when a location holds a repository already
 * @throws LocationFault when a location cannot be reached: all are made, or none is begun
 */
export async function initialise(options: InitialiseOptions): Promise<string> {
  const { cost, locations, passphrase, signal, surroundings, tools } = options;
  for (const location of locations) await location.prepare(signal);
  for (const location of locations) await refuseFilled(location, signal);
  const random = (bytes: number): Uint8Array => Uint8Array.from(surroundings.randomBytes(bytes));
  const keys = { encrypt: random(32), macK: random(16), macR: random(16) };
  const { hostname, username } = surroundings.worker;
  const created = `${formatUtcSecond(surroundings.clock.now().wallMs)}Z`;
  const about = { created, hostname, username, ...(cost && { cost }) };
  const secrets = { keys, passphrase, salt: random(64), nonce: random(16) };
  const keyFile = await createKeyFile({ ...secrets, ...about }, tools);
  const id = Buffer.from(random(32)).toString("hex");
  const polynomial = choosePolynomial(random);
  const config = sealConfig({ id, polynomial }, createSealer(keys, tools.kernels), random(16));
  const key = { kind: "key", id: hexDigestOf(keyFile) } as const;
  try {
    for (const location of locations) await location.put(key, [keyFile], signal);
    for (const location of locations) {
      await location.put({ kind: "config", id: "" }, [config], signal);
    }
  } catch (error) {
    for (const location of locations) await takeAway(location, key, signal);
    throw error;
  }
  return id;
}

async function refuseFilled(location: Location, signal: AbortSignal): Promise<void> {
  const config = await location.stat({ kind: "config", id: "" }, signal);
  const isFilled =
    config !== undefined || (await holdsAny(location, ["snapshot", "index"], signal));
  if (!isFilled) {
    for await (const key of location.list("key", signal)) await location.remove(key, signal);
    return;
  }
  throw new SoulMirrorError("CONFLICT", `${location.traits.name} holds a repository already`, {
    fix: "choose an empty folder, or leave init out: the vault may be used as it is",
  });
}

async function holdsAny(
  location: Location,
  kinds: readonly FileKind[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const kind of kinds) for await (const _ of location.list(kind, signal)) return true;
  return false;
}

/** I3. Where a config came to be, the key is needed; elsewhere the next beginning tries again. */
async function takeAway(location: Location, key: FileName, signal: AbortSignal): Promise<void> {
  try {
    const config = await location.stat({ kind: "config", id: "" }, signal);
    if (config === undefined) await location.remove(key, signal);
  } catch {
    // It is told already what went wrong.
  }
}
