/**
 * The meters of one integration, with a limit on how many there may be: a name that is made of what
 * comes in from outside must not fill the memory. Beyond the limit all others share one.
 */
import { checkArgument, havingOption, type OptionReader } from "../../kernel/index.ts";
import type { CallMeter, EngineView } from "../operation.ts";

/** What the integrations need of an engine. */
export type Metering = Pick<EngineView, "meter" | "serverIsBack">;

export interface OperationMetersOptions {
  readonly operationsMax: number;
  /** The name that all share who came too late. */
  readonly other: string;
}

export const meteringOption: OptionReader<Metering> = havingOption(
  ["meter"],
  "an engine",
  "hand in what createEngine has returned",
);

const nameLengthMax = 200;

export class OperationMeters {
  readonly #engine: Metering;
  readonly #options: OperationMetersOptions;
  readonly #meters = new Map<string, CallMeter>();

  constructor(engine: Metering, options: OperationMetersOptions) {
    const subject = options.other.replace(/ other$/, "");
    this.#engine = checkArgument([subject, "engine"], engine, meteringOption);
    this.#options = options;
  }

  of(name: string): CallMeter {
    const known = this.#meters.get(name);
    if (known !== undefined) return known;
    const { other, operationsMax } = this.#options;
    const own = this.#meters.size < operationsMax ? name.slice(0, nameLengthMax) : other;
    const meter = this.#engine.meter(own);
    if (own !== other) this.#meters.set(name, meter);
    return meter;
  }
}
