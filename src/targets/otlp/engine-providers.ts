/** The AI providers of one engine, put together from the points of its messages. */
import type { Point } from "./telemetry.ts";

export interface ProviderFigures {
  readonly name: string;
  /** Which providers stand in for each other. */
  readonly ring: string;
  /** `held`: it has said when to come back. */
  readonly state: "serving" | "held" | "ejected";
  /** 1: asked first; null: not asked now. */
  readonly place: number | null;
  readonly calls: number;
  readonly faults: number;
  /** Share of faults of late, 0 to 1. */
  readonly failureRate: number;
  readonly latencyMs: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the declared prices; null: none was declared. */
  readonly spent: number | null;
  /** What a person wants of it, as the engine goes by it. */
  readonly wish: "prefer" | "eject" | null;
}

type Figures = { -readonly [K in keyof ProviderFigures]: ProviderFigures[K] };

const providersMax = 200;
const states = ["serving", "held", "ejected"] as const;
const wishes = [null, "prefer", "eject"] as const;

export class EngineProviders {
  readonly #providers = new Map<string, Figures>();

  isAbout({ attributes }: Point): boolean {
    return typeof attributes["soulmirror.provider"] === "string";
  }

  /** Returns how many points had no room. Points of anything else are left alone. */
  take(points: readonly Point[]): number {
    let refused = 0;
    for (const point of points) {
      if (!this.isAbout(point)) continue;
      const figures = this.#figuresOf(point);
      if (figures === undefined) refused += 1;
      else put(figures, point);
    }
    return refused;
  }

  /** Ring by ring, those that are asked first before the others. */
  figures(): readonly ProviderFigures[] {
    return [...this.#providers.values()]
      .map((figures) => ({ ...figures }))
      .toSorted(
        (a, b) =>
          a.ring.localeCompare(b.ring) || (a.place ?? Infinity) - (b.place ?? Infinity) || 0,
      );
  }

  #figuresOf({ attributes }: Point): Figures | undefined {
    const name = String(attributes["soulmirror.provider"]).slice(0, 200);
    const ring = String(attributes["soulmirror.provider.ring"] ?? "llm").slice(0, 200);
    const key = JSON.stringify([ring, name]);
    const known = this.#providers.get(key);
    if (known !== undefined || this.#providers.size >= providersMax) return known;
    const made: Figures = {
      name,
      ring,
      state: "serving",
      place: null,
      calls: 0,
      faults: 0,
      failureRate: 0,
      latencyMs: null,
      inputTokens: 0,
      outputTokens: 0,
      spent: null,
      wish: null,
    };
    this.#providers.set(key, made);
    return made;
  }
}

/** Counts are cumulative: the last one counts. What a newer engine tells besides is not shown. */
function put(figures: Figures, { metric, attributes, value }: Point): void {
  switch (metric) {
    case "soulmirror.provider.calls":
      figures.calls = value;
      return;
    case "soulmirror.provider.faults":
      figures.faults = value;
      return;
    case "soulmirror.provider.tokens":
      if (attributes["gen_ai.token.type"] === "output") figures.outputTokens = value;
      else figures.inputTokens = value;
      return;
    case "soulmirror.provider.spent":
      figures.spent = value;
      return;
    case "soulmirror.provider.failure_rate":
      figures.failureRate = value;
      return;
    case "soulmirror.provider.latency":
      figures.latencyMs = value * 1000;
      return;
    case "soulmirror.provider.state":
      figures.state = states[value] ?? "serving";
      return;
    case "soulmirror.provider.place":
      figures.place = value > 0 ? value : null;
      return;
    case "soulmirror.provider.wish":
      figures.wish = wishes[value] ?? null;
  }
}
