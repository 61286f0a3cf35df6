/**
 * Opens what lies at the locations: finds a key that the passphrase opens, and sees to it that all
 * of them hold the same repository.
 *
 * U1. Nothing is written.
 * U2. A location that holds another repository ends it: writing there would mix two of them. One
 *     whose config is damaged, but whose keys are those of the others, is only damaged.
 * U3. An empty location is no repository, and is told apart from one that does not answer, and
 *     from one that has lost its config and its keys, but has what these keys open.
 * U4. A key file that is damaged at one location is opened as another one holds it. Only when all
 *     are damaged, that is the error: the passphrase may be right.
 */
import { failed, type Result, SoulMirrorError, success } from "../../kernel/index.ts";
import { openConfig, type RepositoryConfig } from "../format/config.ts";
import { hexOfId } from "../format/ids.ts";
import { type KeyTools, openKeyFile } from "../format/keys.ts";
import { createSealer, type Sealer, type SealKeys } from "../format/seal.ts";
import { type FileName, type Location, LocationFault } from "../location.ts";
import { digestOf } from "./codec.ts";

export interface Unlocked {
  readonly keys: SealKeys;
  readonly config: RepositoryConfig;
  /** The config's bytes, the same at every location. */
  readonly configBytes: Uint8Array;
  /** Key files by their ids. */
  readonly keyFiles: ReadonlyMap<string, Uint8Array>;
  /** In the order of the locations. */
  readonly states: readonly LocationState[];
}

export type LocationState =
  | { readonly kind: "ready" }
  | { readonly kind: "empty" }
  /** It is ours by its keys, and its config is not sound. */
  | { readonly kind: "damaged"; readonly reason: string }
  | { readonly kind: "away"; readonly fault: LocationFault };

export interface UnlockOptions {
  readonly locations: readonly Location[];
  readonly passphrase: string;
  readonly tools: KeyTools;
  readonly signal: AbortSignal;
}

/** restic tries 20 as well. */
const mostKeys = 20;
/** Of each kind, where the first ones are damaged. */
const mostTried = 3;

interface Seen {
  readonly location: Location;
  readonly config: Uint8Array | undefined;
  readonly keyFiles: ReadonlyMap<string, Uint8Array>;
  /** It does not answer; nothing of it is known. */
  readonly fault: LocationFault | undefined;
  /** Of a config or a key that is there, and cannot be read. */
  readonly loss: LocationFault | undefined;
}

/**
 * Or an error `VAULT_NOT_FOUND`, `VAULT_PASSPHRASE_WRONG`, `VAULT_FOREIGN`, `VAULT_TOO_NEW`,
 * `VAULT_DAMAGED`, or `LOCATION_FAILED` when none answers.
 */
export async function unlock(options: UnlockOptions): Promise<Result<Unlocked, SoulMirrorError>> {
  const { locations, signal } = options;
  const seen = await Promise.all(locations.map((location) => look(location, signal)));
  const present = seen.filter(({ config, keyFiles }) => config !== undefined || keyFiles.size > 0);
  if (present.length === 0) return failed(nothingThere(seen));
  const keyFiles = keyFilesOf(present);
  const configs = present.flatMap(({ config }) => config ?? []);
  const opened = await openAnyKey(keyFiles, configs, options);
  if (!opened.ok) return failed(seen.reduce(withLoss, opened.error));
  const { key, keys } = opened.value;
  const sealer = createSealer(keys, options.tools.kernels);
  let chosen: { config: RepositoryConfig; bytes: Uint8Array } | undefined;
  const states: LocationState[] = [];
  for (const each of seen) {
    if (each.fault !== undefined) {
      states.push({ kind: "away", fault: each.fault });
    } else if (each.config === undefined && each.keyFiles.size === 0) {
      const isOurs = await holdsSealed(each.location, sealer, signal);
      const reason = "its config and its keys are missing";
      // What cannot be read is no room for something new.
      if (isOurs) states.push({ kind: "damaged", reason: each.loss?.message ?? reason });
      else states.push(each.loss ? { kind: "away", fault: each.loss } : { kind: "empty" });
    } else {
      const config =
        each.config === undefined
          ? failed(
              new SoulMirrorError("VAULT_DAMAGED", each.loss?.message ?? "its config is missing"),
            )
          : openConfig(each.config, sealer);
      if (config.ok) {
        if (chosen !== undefined && chosen.config.id !== config.value.id) {
          return failed(foreign(each.location, locations));
        }
        chosen ??= { config: config.value, bytes: each.config ?? new Uint8Array() };
        states.push({ kind: "ready" });
      } else if (config.error.code !== "VAULT_DAMAGED") {
        return config;
      } else if (each.keyFiles.has(key)) {
        states.push({ kind: "damaged", reason: config.error.message });
      } else return failed(foreign(each.location, locations));
    }
  }
  if (chosen === undefined) {
    const message = "no location holds a config that is sound";
    return failed(new SoulMirrorError("VAULT_DAMAGED", message));
  }
  const { bytes: configBytes, config } = chosen;
  return success({ keys, config, configBytes, keyFiles, states });
}

/** What is damaged may only be unreadable. */
function withLoss(error: SoulMirrorError, { loss }: Seen): SoulMirrorError {
  if (loss === undefined || error.code !== "VAULT_DAMAGED") return error;
  return new SoulMirrorError("VAULT_DAMAGED", `${error.message}; ${loss.message}`, { cause: loss });
}

/** U4. */
function keyFilesOf(present: readonly Seen[]): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const [id, file] of present.flatMap((each) => [...each.keyFiles])) {
    if (!found.has(id) || isWhole(id, file)) found.set(id, file);
  }
  return found;
}

function isWhole(id: string, file: Uint8Array): boolean {
  return hexOfId(digestOf(file)) === id;
}

async function look(location: Location, signal: AbortSignal): Promise<Seen> {
  const keyFiles = new Map<string, Uint8Array>();
  let loss: LocationFault | undefined;
  const read = async (file: FileName): Promise<Uint8Array | undefined> => {
    const found = await getIfThere(location, file, signal);
    if (!(found instanceof LocationFault)) return found;
    loss ??= found;
    return undefined;
  };
  try {
    const config = await read({ kind: "config", id: "" });
    for await (const { id } of location.list("key", signal)) {
      if (keyFiles.size >= mostKeys) break;
      const bytes = await read({ kind: "key", id });
      if (bytes !== undefined) keyFiles.set(id, bytes);
    }
    return { location, config, keyFiles, fault: undefined, loss };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LocationFault)) throw error;
    const fault = error.kind === "missing" ? undefined : error;
    return { location, config: undefined, keyFiles: new Map(), fault, loss };
  }
}

/** U3. */
async function holdsSealed(
  location: Location,
  sealer: Sealer,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const kind of ["snapshot", "index"] as const) {
      let tried = 0;
      for await (const { id } of location.list(kind, signal)) {
        if (sealer.open(await location.get({ kind, id }, signal)) !== undefined) return true;
        tried += 1;
        if (tried === mostTried) break;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LocationFault)) throw error;
  }
  return false;
}

/** A fault that is returned is one of the file alone. */
async function getIfThere(
  location: Location,
  file: FileName,
  signal: AbortSignal,
): Promise<Uint8Array | LocationFault | undefined> {
  try {
    return await location.get(file, signal);
  } catch (error) {
    if (!(error instanceof LocationFault) || !error.isOfFile) throw error;
    return error.kind === "missing" ? undefined : error;
  }
}

/** An `init` that was interrupted may have left keys that no config belongs to. */
async function openAnyKey(
  keyFiles: ReadonlyMap<string, Uint8Array>,
  configs: readonly Uint8Array[],
  { passphrase, tools }: UnlockOptions,
): Promise<Result<{ readonly key: string; readonly keys: SealKeys }, SoulMirrorError>> {
  let wrong: SoulMirrorError | undefined;
  for (const [key, file] of keyFiles) {
    const opened = await openKeyFile(file, passphrase, tools);
    if (!opened.ok) {
      const isWrong = opened.error.code === "VAULT_PASSPHRASE_WRONG";
      // A wrong passphrase says more than a damaged file beside it.
      if (isWrong && isWhole(key, file)) wrong = opened.error;
      else wrong ??= isWrong ? damagedKey(key) : opened.error;
      continue;
    }
    const sealer = createSealer(opened.value, tools.kernels);
    if (configs.some((config) => sealer.open(config) !== undefined)) {
      return success({ key, keys: opened.value });
    }
    wrong ??= new SoulMirrorError("VAULT_DAMAGED", "no config fits the key of the repository");
  }
  return failed(wrong ?? new SoulMirrorError("VAULT_DAMAGED", "the repository has no key file"));
}

function damagedKey(key: string): SoulMirrorError {
  const message = `the key file ${key.slice(0, 16)} is damaged wherever it lies`;
  return new SoulMirrorError("VAULT_DAMAGED", message, {
    fix: "copy it from any other copy of the vault: without it nothing can be opened",
  });
}

function nothingThere(seen: readonly Seen[]): SoulMirrorError {
  const faults = seen.flatMap(({ fault, loss }) => fault ?? loss ?? []);
  const isAnyOut = faults.some(({ isNoRepository }) => !isNoRepository);
  if (faults.length === seen.length && isAnyOut) {
    const message = faults.map((fault) => fault.message).join("; ");
    return new SoulMirrorError("LOCATION_FAILED", message, {
      fix: "reach or mount what holds it; where there never was one: soulmirror vault init",
      cause: faults[0],
    });
  }
  const empty = seen.filter(({ fault, loss }) => {
    const trouble = fault ?? loss;
    return trouble === undefined || trouble.isNoRepository;
  });
  const names = empty.map(({ location }) => location.traits.name).join(", ");
  return new SoulMirrorError("VAULT_NOT_FOUND", `there is no repository at ${names}`, {
    fix: "make one with soulmirror vault init; or mount what holds it",
  });
}

function foreign({ traits }: Location, locations: readonly Location[]): SoulMirrorError {
  const others = locations.map((each) => each.traits.name).filter((name) => name !== traits.name);
  return new SoulMirrorError(
    "VAULT_FOREIGN",
    `${traits.name} holds another repository than ${others.join(", ")}`,
    { fix: "give each vault folders of its own, or take this location out of the vault" },
  );
}
