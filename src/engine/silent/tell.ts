/** Where findings go. It never throws and returns at once. */
import type { SilentError } from "../events.ts";

export type Tell = (found: SilentError) => void;

/** What findings about the process as a whole name as their operation. */
export const wholeProcess = "process";

const placesMax = 100;

/** The same place again and again is one finding: the first is told, later ones are not. */
export class ToldPlaces {
  readonly #places = new Set<string>();

  isNew(place: string): boolean {
    if (this.#places.has(place) || this.#places.size >= placesMax) return false;
    this.#places.add(place);
    return true;
  }
}
