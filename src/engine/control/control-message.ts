/**
 * What the daemon may say to an engine, and nothing else: a mode that can only hold more back,
 * operations whose calls are refused or limited, providers that are asked first or not at all, and
 * circuits that others have opened.
 *
 * M1. A limit beyond the bounds is refused here as well, whoever has let it through.
 */
import {
  checkOptions,
  type LimitName,
  limitBounds,
  listOption,
  type Mode,
  namedOption,
  numberOption,
  type OptionReader,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import type { ProviderWish } from "../operation.ts";
import { modeOption } from "../options.ts";
import { redact } from "../redact.ts";

/** What is said of it holds in the place of what is configured; it is not taken away from it. */
export type Limit = { readonly [K in LimitName]?: number | undefined };

/** Who wants one part of a wish. */
export interface Said {
  readonly by: string;
  /** Wall milliseconds. */
  readonly at: number;
  /** Until it is wanted no more; null: until somebody takes it back. */
  readonly until: number | null;
  readonly reason: string | null;
}

/** All that is wanted now: it takes the place of what was wanted before. */
export interface Wish {
  readonly version: number;
  /** Undefined: as the engine's own configuration says. */
  readonly mode: Mode | undefined;
  /** Operations, and why. */
  readonly isolated: ReadonlyMap<string, string>;
  readonly providers: ReadonlyMap<string, ProviderWish>;
  /** Of operations, or of all operations of something that was wrapped. */
  readonly limits: ReadonlyMap<string, Limit>;
  /** By `mode`, `isolate NAME`, `provider NAME`, `limit NAME`. */
  readonly said: ReadonlyMap<string, Said>;
}

export interface PeerVote {
  readonly instance: string;
  readonly open: readonly { readonly name: string; readonly forMs: number }[];
}

export type ControlMessage =
  | ({ readonly kind: "wish" } & Wish)
  | { readonly kind: "votes"; readonly votes: readonly PeerVote[] };

/** Characters of one message. */
export const messageCharactersMax = 256 * 1024;

const textMax = 200;
const name: OptionReader<string> = (value, place) => {
  const text = textOption()(value, place);
  if (text.length <= textMax) return text;
  place.say(`it has more than ${textMax} characters`, "shorten it");
  return "";
};
const orNull =
  <T>(reader: OptionReader<T>): OptionReader<T | undefined> =>
  (value, place) =>
    value === null ? undefined : reader(value, place);

const kind = requiredOption(wordOption(["wish", "votes"] as const));
const time = numberOption({ min: 0, max: Number.MAX_SAFE_INTEGER });
const partsMax = 100;
const providerShape = optionsOf({
  kind: requiredOption(wordOption(["prefer", "eject"] as const)),
  reason: requiredOption(name),
});
const limitShape = optionsOf({
  timeoutMs: wholeOption(limitBounds.timeoutMs),
  concurrency: wholeOption(limitBounds.concurrency),
  perSecond: numberOption(limitBounds.perSecond),
});
const saidShape = optionsOf({
  by: requiredOption(name),
  at: requiredOption(time),
  until: requiredOption(orNull(time)),
  reason: requiredOption(orNull(name)),
});
const wishShape = optionsOf({
  kind,
  version: requiredOption(wholeOption({ min: 0 })),
  mode: requiredOption(orNull(modeOption)),
  isolated: requiredOption(namedOption(name, { max: partsMax })),
  providers: namedOption(providerShape, { max: partsMax }),
  limits: namedOption(limitShape, { max: partsMax }),
  said: namedOption(saidShape, { max: 3 * partsMax + 1 }),
});
const openShape = optionsOf({
  name: requiredOption(name),
  forMs: requiredOption(numberOption({ min: 0, max: 86_400_000 })),
});
const votesShape = optionsOf({
  kind,
  votes: requiredOption(
    listOption(
      optionsOf({
        instance: requiredOption(name),
        open: requiredOption(listOption(openShape, { max: 100 })),
      }),
      { max: 100 },
    ),
  ),
});

/** Throws for whatever is none. */
export function readControl(text: string): ControlMessage {
  const message = JSON.parse(text) as { readonly kind?: unknown } | null;
  if (message?.kind === "votes") {
    return { kind: "votes", votes: checkOptions("votes", message, votesShape).votes };
  }
  const read = checkOptions("a wish", message, wishShape);
  const { version, mode, isolated, providers = {}, limits = {}, said = {} } = read;
  return {
    kind: "wish",
    version,
    mode,
    isolated: new Map(Object.entries(isolated).map(([key, reason]) => [key, redact(reason)])),
    providers: new Map(Object.entries(providers)),
    limits: new Map(Object.entries(limits)),
    said: new Map(
      Object.entries(said).map(([key, { by, at, until = null, reason = null }]) => [
        key,
        { by, at, until, reason },
      ]),
    ),
  };
}

/** What is left of it by then, and when that changes by itself. */
export function wishAt(
  wish: Wish,
  nowMs: number,
): { readonly wish: Wish; readonly untilMs: number } {
  const isOn = (key: string): boolean => (wish.said.get(key)?.until ?? Infinity) > nowMs;
  const left = <T>(parts: ReadonlyMap<string, T>, kindOf: string): ReadonlyMap<string, T> =>
    new Map([...parts].filter(([of]) => isOn(`${kindOf} ${of}`)));
  const ends = [...wish.said.values()].flatMap(({ until }) =>
    until !== null && until > nowMs ? [until] : [],
  );
  return {
    untilMs: Math.min(...ends),
    wish: {
      ...wish,
      mode: isOn("mode") ? wish.mode : undefined,
      isolated: left(wish.isolated, "isolate"),
      providers: left(wish.providers, "provider"),
      limits: left(wish.limits, "limit"),
    },
  };
}

export function writeWish({ version, mode, ...parts }: Wish): string {
  return JSON.stringify({
    kind: "wish",
    version,
    mode: mode ?? null,
    isolated: Object.fromEntries(parts.isolated),
    providers: Object.fromEntries(parts.providers),
    limits: Object.fromEntries(parts.limits),
    said: Object.fromEntries(parts.said),
  });
}
