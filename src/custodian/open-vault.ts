/**
 * From locations and a passphrase to a vault that can be worked in.
 *
 * O1. The passphrase is used here and kept nowhere; what is kept are the keys that it opens.
 * O2. A location that is empty, damaged or away is left out with its reason; the others go on. When
 *     none is ready, the error says why.
 *     Who mends (`mending`) works in damaged ones too, and in empty ones that he names: an empty
 *     folder may be where a disk is not mounted.
 * O3. Whoever opened it closes the locations, all of them, also when opening fails.
 */
import { SoulMirrorError } from "../kernel/index.ts";
import { createKernels, deriveKey } from "../platform/kernels/index.ts";
import { realClock, realTimers } from "../system/index.ts";
import {
  bytePace,
  Codec,
  createSealer,
  type FoundDamage,
  initialise,
  type KeyTools,
  type Location,
  LocationFault,
  type LocationState,
  pacedLocation,
  prepareEmpty,
  type SealKeys,
  type Surroundings,
  type Unlocked,
  unlock,
  Vault,
  withRetries,
} from "../vault/index.ts";
import { realTools } from "./real-tools.ts";
import { realSurroundings } from "./surroundings.ts";

export interface Opening {
  readonly locations: readonly Location[];
  readonly passphrase: string;
  readonly signal: AbortSignal;
  readonly onDamage?: (damage: FoundDamage) => void;
  /** Of all locations that are reached over a network together; default: as fast as it goes. */
  readonly uploadBytesPerSecond?: number | undefined;
  /** Damaged locations take part, and those named, whatever is missing there (O2). */
  readonly mending?: { readonly refill: readonly string[] };
}

/** A location that takes no part, and why. */
export interface LeftOut {
  readonly location: string;
  readonly kind: Exclude<LocationState["kind"], "ready">;
  readonly reason: string;
}

export interface OpenedVault extends AsyncDisposable {
  readonly vault: Vault;
  readonly surroundings: Surroundings;
  readonly keys: SealKeys;
  /** What a location is made whole with. */
  readonly unlocked: Pick<Unlocked, "configBytes" | "keyFiles">;
  /** What contents are cut with. */
  readonly polynomial: bigint;
  /** Of the repository; the same at all locations. */
  readonly id: string;
  readonly leftOut: readonly LeftOut[];
}

/** Somebody waits at a terminal: a place that is down is not waited for as long as later on. */
const attemptsAtFirst = 3;

/**
 * @throws SoulMirrorError `VAULT_NOT_FOUND`, `VAULT_PASSPHRASE_WRONG`, `VAULT_FOREIGN`,
 * `VAULT_TOO_NEW`, `VAULT_DAMAGED`, `LOCATION_FAILED`
 */
export async function openVault(opening: Opening): Promise<OpenedVault> {
  const { locations, mending, onDamage = () => undefined, passphrase, signal } = opening;
  await using opened = closerOf(locations);
  const asked = locations.map((each) =>
    withRetries(each, { tools: realTools, attempts: attemptsAtFirst }),
  );
  const tools = keyTools();
  const unlocked = await unlock({ locations: asked, passphrase, tools, signal });
  if (!unlocked.ok) throw unlocked.error;
  const { config, keys } = unlocked.value;
  const surroundings = realSurroundings();
  const codec = new Codec(createSealer(keys, tools.kernels), (length) =>
    surroundings.randomBytes(length),
  );
  const isRefilled = (number: number): boolean =>
    mending?.refill.includes(locations[number]?.traits.name ?? "") === true;
  const states = unlocked.value.states.map(
    (state, number): LocationState =>
      // A folder that is not there, or holds nothing, says that it is away.
      state.kind === "away" && isRefilled(number) ? { kind: "empty" } : state,
  );
  const emptied = states.filter((_, number) => isRefilled(number));
  const refilled = asked.filter((_, number) => isRefilled(number));
  await prepareEmpty(refilled, { keyFiles: unlocked.value.keyFiles, states: emptied }, signal);
  const takesPart = (state: LocationState | undefined, number: number): boolean =>
    state?.kind === "ready" ||
    (state?.kind === "damaged" && mending !== undefined) ||
    isRefilled(number);
  const paced = pacedUploads(opening.uploadBytesPerSecond);
  const ready = locations
    .filter((_, number) => takesPart(states[number], number))
    .map((each) => withRetries(paced(each), { tools: realTools }));
  const vault = new Vault({
    locations: ready,
    codec,
    surroundings,
    onDamage,
    marks: unlocked.value,
  });
  const closing = opened.move();
  return {
    vault,
    surroundings,
    keys,
    unlocked: unlocked.value,
    polynomial: config.polynomial,
    id: config.id,
    leftOut: states.flatMap((state, number) =>
      takesPart(state, number) ? [] : leftOut(state, locations[number]),
    ),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/**
 * Makes a repository at every location, or at none.
 *
 * @returns its id
 * @throws SoulMirrorError CONFLICT where one is already
 * @throws SoulMirrorError LOCATION_FAILED when a location cannot be reached
 */
export async function makeVault({ locations, passphrase, signal }: Opening): Promise<string> {
  await using closing = new AsyncDisposableStack();
  for (const each of locations) closing.use(each);
  const asked = locations.map((each) =>
    withRetries(each, { tools: realTools, attempts: attemptsAtFirst }),
  );
  const surroundings = realSurroundings();
  const options = { locations: asked, passphrase, tools: keyTools(), surroundings, signal };
  try {
    return await initialise(options);
  } catch (error) {
    if (!(error instanceof LocationFault)) throw error;
    throw new SoulMirrorError("LOCATION_FAILED", error.message, {
      fix: "all locations must be there when a vault is made; what was made now are empty folders at most",
      cause: error,
    });
  }
}

/** A folder of this machine is no line that others need. */
function pacedUploads(bytesPerSecond: number | undefined): (location: Location) => Location {
  if (bytesPerSecond === undefined) return (location) => location;
  const pace = bytePace({ bytesPerSecond, clock: realClock, timers: realTimers });
  return (location) =>
    location.traits.name.startsWith("file:") ? location : pacedLocation(location, pace);
}

function keyTools(): KeyTools {
  return { derive: deriveKey, kernels: createKernels() };
}

function closerOf(locations: readonly Location[]): AsyncDisposableStack {
  const stack = new AsyncDisposableStack();
  for (const each of locations) stack.use(each);
  return stack;
}

function leftOut(state: LocationState, location: Location | undefined): readonly LeftOut[] {
  if (state.kind === "ready" || location === undefined) return [];
  const reason =
    state.kind === "away"
      ? state.fault.message
      : state.kind === "empty"
        ? "there is no repository"
        : state.reason;
  return [{ location: location.traits.name, kind: state.kind, reason }];
}
