/**
 * One picture of an engine out of two: the figures that it sends every few seconds, and what it has
 * said since over the control channel, which is heard at once.
 *
 * N1. Only what was said after the last figures is laid over them: newer figures know it already.
 * N2. Only what the engine goes by: a wish that it has not acknowledged changes nothing here.
 * N3. What has ended since (a release, a circuit that closed) is seen with the next figures: only
 *     they know whether something else holds it open.
 */
import type { EngineLink, EngineWish } from "../model/index.ts";
import type { EngineReport, OperationFigures, ProviderFigures } from "../targets/index.ts";

/** What was heard of one engine over its channel. */
export interface EngineSaidNow {
  /** When, in wall milliseconds. */
  readonly at: number;
  readonly link: Pick<EngineLink, "version" | "open">;
  readonly wish: EngineWish;
}

export function engineNow(report: EngineReport, said: EngineSaidNow | undefined): EngineReport {
  // N1.
  if (said === undefined || said.at <= (report.figuresAt ?? 0)) return report;
  const { operations, providers } = report;
  const { link, wish } = said;
  // N2.
  const isKnown = link.version === wish.version;
  return {
    ...report,
    operations: operations.map((each) =>
      operationNow(each, { open: link.open, isolated: isKnown ? wish.isolated : {} }),
    ),
    providers: isKnown ? providersNow(providers, wish.providers) : providers,
  };
}

interface Circuits {
  readonly open: readonly string[];
  readonly isolated: EngineWish["isolated"];
}

function operationNow(figures: OperationFigures, { open, isolated }: Circuits): OperationFigures {
  const { name, breaker } = figures;
  const reason = Object.hasOwn(isolated, name) ? isolated[name] : undefined;
  if (reason !== undefined) return { ...figures, breaker: "isolated", breakerReason: reason };
  if (breaker === "isolated" || !open.includes(name)) return figures;
  return { ...figures, breaker: "open" };
}

/** Ring by ring, in the order in which they are asked. */
function providersNow(
  all: readonly ProviderFigures[],
  wished: EngineWish["providers"],
): readonly ProviderFigures[] {
  const wishOf = ({ name }: ProviderFigures) =>
    Object.hasOwn(wished, name) ? wished[name]?.kind : undefined;
  const isNews = (each: ProviderFigures): boolean =>
    wishOf(each) !== undefined && wishOf(each) !== each.wish;
  const rings = [...new Set(all.map(({ ring }) => ring))];
  return rings.flatMap((ring) => {
    const own = all.filter((each) => each.ring === ring);
    if (!own.some(isNews)) return own;
    const preferred = own.filter((each) => wishOf(each) === "prefer");
    const usual = own.filter((each) => wishOf(each) === undefined && each.place !== null);
    const asked = [...preferred, ...usual];
    const others = own.filter((each) => !asked.includes(each));
    return [
      ...asked.map((each, index) => ({ ...each, place: index + 1 })),
      ...others.map((each) => ({ ...each, place: null })),
    ].map((each) => ({ ...each, wish: wishOf(each) ?? each.wish }));
  });
}
