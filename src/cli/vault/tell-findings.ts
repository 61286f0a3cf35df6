import { type Finding, isDamage } from "../../vault/index.ts";
import { counted } from "../counted.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";

/** So many of a location; the others are counted. `--json` has all. */
const shownMax = 20;

/** What is wrong at each location, and where it can be had from. */
export function tellFindings(findings: readonly Finding[], style: Style): readonly string[] {
  const byLocation = Map.groupBy(findings, ({ location }) => location);
  return [...byLocation].flatMap(([location, found]) => {
    const hidden = found.length - shownMax;
    return [
      `${plainLines(location)}:`,
      ...found
        .slice(0, shownMax)
        .map((each) => style.paint(isDamage(each) ? "red" : "yellow", `  ${lineOf(each)}`)),
      ...(hidden > 0 ? [`  and ${hidden} more: see --json`] : []),
    ];
  });
}

function lineOf({ id, kind, problem, reason, repairableFrom }: Finding): string {
  const what = id === "" ? `the ${kind}` : `${kind} ${id.slice(0, 16)}`;
  const from = repairableFrom.length === 0 ? "" : `; sound at ${repairableFrom.join(", ")}`;
  return plainLines(`${what} is ${problem}: ${reason}${from}`);
}

/** Of which nothing can be said. */
export function tellLeft(
  left: readonly { readonly location: string; readonly reason: string }[],
  style: Style,
): readonly string[] {
  if (left.length === 0) return [];
  return [
    style.paint("yellow", `${counted(left.length, "location")} not dealt with:`),
    ...left.map(({ location, reason }) => `  ${plainLines(`${location}: ${reason}`)}`),
  ];
}
