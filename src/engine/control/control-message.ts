/**
 * What the daemon may say to an engine, and nothing else: a mode that can only hold more back,
 * operations whose calls are refused, and circuits that others have opened.
 */
import {
  checkOptions,
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
import { modeOption } from "../options.ts";

/** All that is wanted now: it takes the place of what was wanted before. */
export interface Wish {
  readonly version: number;
  /** Undefined: as the engine's own configuration says. */
  readonly mode: Mode | undefined;
  /** Operations, and why. */
  readonly isolated: ReadonlyMap<string, string>;
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
const wishShape = optionsOf({
  kind,
  version: requiredOption(wholeOption({ min: 0 })),
  mode: requiredOption(orNull(modeOption)),
  isolated: requiredOption(namedOption(name, { max: 100 })),
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
  const { version, mode, isolated } = checkOptions("a wish", message, wishShape);
  return { kind: "wish", version, mode, isolated: new Map(Object.entries(isolated)) };
}

export function writeWish({ version, mode, isolated }: Wish): string {
  return JSON.stringify({
    kind: "wish",
    version,
    mode: mode ?? null,
    isolated: Object.fromEntries(isolated),
  });
}
