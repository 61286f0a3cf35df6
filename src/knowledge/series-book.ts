/**
 * A number for every series: (source, name, unit) is looked up once per value, everything that is
 * kept of a series then lies at its slot in flat arrays.
 *
 * 1. A slot belongs to one series until that series is forgotten; then it is given away again.
 * 2. At most `seriesMax` series: a further one gets no slot, and the refusal is counted.
 */
import { eachValue, type Observation, type ResourceId, type Unit } from "../model/index.ts";

export interface Series {
  readonly source: ResourceId;
  readonly name: string;
  readonly unit: Unit;
}

export class SeriesBook {
  readonly #seriesMax: number;
  readonly #slots = new Map<ResourceId, Map<string, number>>();
  readonly #series: (Series | undefined)[] = [];
  readonly #free: number[] = [];
  #refused = 0;

  constructor(seriesMax = 100_000) {
    this.#seriesMax = seriesMax;
  }

  /** One more than the highest slot in use so far. */
  get size(): number {
    return this.#series.length;
  }

  /** How many series have a slot. */
  get count(): number {
    return this.#series.length - this.#free.length;
  }

  /** How many values were refused because their series has no slot. */
  get refused(): number {
    return this.#refused;
  }

  /** Undefined when the book is full. */
  slotOf(source: ResourceId, name: string, unit: Unit): number | undefined {
    const known = this.#slots.get(source)?.get(name);
    return known ?? this.#enter({ source, name, unit });
  }

  /** Hands every value of the look to `take`, with the slot of its series. */
  eachValue(
    { resource, sensor, reading }: Observation,
    take: (slot: number, value: number) => void,
  ): void {
    eachValue(reading, sensor, (series, value, unit) => {
      const slot = this.slotOf(resource, series, unit);
      if (slot !== undefined) take(slot, value);
    });
  }

  find(source: ResourceId, name: string): number | undefined {
    return this.#slots.get(source)?.get(name);
  }

  /** Undefined when the slot is free. */
  seriesAt(slot: number): Series | undefined {
    return this.#series[slot];
  }

  /** The slots that the series of `source` had. */
  forget(source: ResourceId): readonly number[] {
    const slots = [...(this.#slots.get(source)?.values() ?? [])];
    this.#slots.delete(source);
    for (const slot of slots) {
      this.#series[slot] = undefined;
      this.#free.push(slot);
    }
    return slots;
  }

  #enter(series: Series): number | undefined {
    if (this.count >= this.#seriesMax) {
      this.#refused += 1;
      return undefined;
    }
    const slot = this.#free.pop() ?? this.#series.length;
    this.#series[slot] = series;
    const ofSource = this.#slots.get(series.source) ?? new Map<string, number>();
    ofSource.set(series.name, slot);
    this.#slots.set(series.source, ofSource);
    return slot;
  }
}
