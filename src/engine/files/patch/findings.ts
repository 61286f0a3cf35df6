/** Tells what was seen: each pair of places once, however often it happens there. */
import { harmless } from "../../../resilience/index.ts";
import type { EngineEventHub, SilentError } from "../../events.ts";

const placesMax = 1000;
const linesMax = 12;

export interface FindingOptions {
  readonly events?: EngineEventHub | undefined;
  readonly onFinding?: ((finding: SilentError) => void) | undefined;
  /** True for paths of which nothing is told. */
  readonly ignore?: ((path: string) => boolean) | undefined;
}

export class Findings {
  readonly #options: FindingOptions;
  readonly #told = new Set<string>();

  constructor(options: FindingOptions) {
    this.#options = options;
  }

  tell(finding: SilentError, places: readonly string[], path: string): void {
    const { events, onFinding } = this.#options;
    const key = [finding.type, ...places].join("|");
    if (this.#told.has(key) || this.#told.size >= placesMax || this.#isIgnored(path)) return;
    this.#told.add(key);
    events?.emit("silent_error", finding);
    harmless(() => onFinding?.(finding));
  }

  #isIgnored(path: string): boolean {
    try {
      return this.#options.ignore?.(path) === true;
    } catch {
      return false;
    }
  }
}

/** Where a call was made. Cheap: the text is made when it is asked for. */
export function placeHere(): { readonly stack?: string } {
  const place = {};
  Error.captureStackTrace(place, placeHere);
  return place;
}

/** As a module is named in a stack, and as a loader of somebody else may name it. */
const ownFolders = [new URL(".", import.meta.url).href, `${import.meta.dirname}/`];

/** The lines of the caller's own code. */
export function linesOf(place: { readonly stack?: string }): readonly string[] {
  try {
    const lines = (place.stack ?? "").split("\n").slice(1);
    const theirs = lines.filter((line) => !ownFolders.some((folder) => line.includes(folder)));
    return theirs.slice(0, linesMax).map((line) => line.trim());
  } catch {
    // A `prepareStackTrace` of somebody that throws.
    return [];
  }
}
