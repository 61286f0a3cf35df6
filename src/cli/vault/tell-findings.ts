import { type Finding, isDamage } from "../../vault/index.ts";
import { counted } from "../counted.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";

export interface FindingWords {
  readonly style: Style;
  /** Each file on its own. Default: those of a kind and a problem together. */
  readonly isLong?: boolean;
  /** Every byte was read: what is said to be elsewhere is sound there. Default false. */
  readonly isRead?: boolean;
}

/** What is wrong at each location, and where it can be had from. */
export function tellFindings(
  findings: readonly Finding[],
  { isLong = false, isRead = false, style }: FindingWords,
): readonly string[] {
  const byLocation = Map.groupBy(findings, ({ location }) => location);
  return [...byLocation].flatMap(([location, found]) => {
    const groups = isLong
      ? found.map((each) => [each])
      : [...Map.groupBy(found, ({ kind, problem }) => `${kind} ${problem}`).values()];
    return [`${plainLines(location)}:`, ...groups.map((group) => lineOf(group, isRead, style))];
  });
}

function lineOf(group: readonly Finding[], isRead: boolean, style: Style): string {
  const [first] = group;
  if (first === undefined) return "";
  const { id, kind, problem, reason } = first;
  const one = id === "" ? `the ${kind}` : `${kind} ${id.slice(0, 16)}`;
  const what = group.length === 1 ? `${one} is` : `${counted(group.length, kind)} are`;
  const places = [...new Set(group.flatMap(({ repairableFrom }) => repairableFrom))].join(", ");
  const word = isRead || kind !== "pack" ? "sound at" : "there, but not read, at";
  const from = places === "" ? "" : `; ${word} ${places}`;
  const why = group.length === 1 ? reason : `${one}: ${reason}`;
  const line = plainLines(`  ${what} ${words[problem]}: ${why}${from}`);
  return style.paint(isDamage(first) ? "red" : "yellow", line);
}

const words: Readonly<Record<Finding["problem"], string>> = {
  damaged: "damaged",
  missing: "missing",
  incomplete: "incomplete",
  behind: "not there yet",
  unnamed: "left over",
};

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
