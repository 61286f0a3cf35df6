/**
 * The errors of one engine, put together from the points of its messages: one metric has the calls
 * of each, the other one what is known of it. Older engines say all of it with the calls.
 */
import type { Point } from "./telemetry.ts";

export interface ErrorFigures {
  /** The same for the same error in every engine. */
  readonly id: string;
  /** `api.order → db.query: ECONNREFUSED 127.0.0.1:5432` */
  readonly headline: string;
  /** The operation where it arises most. */
  readonly origin: string;
  /** What it is about, such as `127.0.0.1:5432`. */
  readonly resource: string | null;
  readonly category: string;
  readonly calls: number;
  readonly isBursting: boolean;
  /** What it follows, or comes with: a sentence of the engine. */
  readonly relation: string | null;
  /** When its count was last seen to grow. */
  readonly at: number;
}

const errorsMax = 100;
const textMax = 500;
const callsName = "soulmirror.error.calls";
const stateName = "soulmirror.error.bursting";

export class EngineErrors {
  readonly #errors = new Map<string, ErrorFigures>();
  readonly #mask: (text: string) => string;

  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  isAbout({ metric }: Point): boolean {
    return metric === callsName || metric === stateName;
  }

  /** Returns how many points said nothing. Points of anything else are left alone. */
  take(points: readonly Point[], at: number): number {
    let refused = 0;
    for (const point of points) {
      if (!this.isAbout(point)) continue;
      const { attributes, value } = point;
      const id = this.#text(attributes["soulmirror.error.id"]).slice(0, 64);
      if (id === "" || !Number.isFinite(value)) {
        refused += 1;
        continue;
      }
      const before = this.#errors.get(id) ?? unknown(id, at);
      // As the newest; the one that was not told of for longest gives way.
      this.#errors.delete(id);
      this.#errors.set(id, {
        ...before,
        ...this.#wordsOf(attributes),
        ...(point.metric === stateName
          ? { isBursting: value === 1 }
          : { calls: value, at: before.calls >= value ? before.at : at }),
      });
      const oldest = this.#errors.keys().next();
      if (this.#errors.size > errorsMax && oldest.done !== true) this.#errors.delete(oldest.value);
    }
    return refused;
  }

  #text(value: unknown): string {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    return this.#mask(text.slice(0, textMax));
  }

  /** Only what the point says; the rest is as it was. */
  #wordsOf(attributes: Point["attributes"]): Partial<ErrorFigures> {
    const text = (key: string): string | undefined => {
      const value = attributes[key];
      return value === undefined ? undefined : this.#text(value);
    };
    const headline = text("soulmirror.error.headline");
    const origin = text("soulmirror.error.origin");
    const resource = text("soulmirror.error.resource");
    const category = text("error.type");
    const isBursting = attributes["soulmirror.error.bursting"];
    return {
      ...(resource === undefined ? {} : { resource: resource || null }),
      ...(category === undefined ? {} : { category }),
      ...(isBursting === undefined ? {} : { isBursting: isBursting === true }),
      // The relation of an error comes and goes with its headline.
      ...(headline === undefined
        ? {}
        : { headline, relation: text("soulmirror.error.relation") || null }),
      ...(origin === undefined ? {} : { origin }),
    };
  }

  /** Those with the most calls first. */
  figures(): readonly ErrorFigures[] {
    return [...this.#errors.values()].toSorted((a, b) => b.calls - a.calls || b.at - a.at);
  }
}

function unknown(id: string, at: number): ErrorFigures {
  return {
    id,
    headline: "",
    origin: "",
    resource: null,
    category: "unknown",
    calls: 0,
    isBursting: false,
    relation: null,
    at,
  };
}
