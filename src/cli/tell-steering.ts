/** What people want of the engines inside of services, and since when. */
import { type SteeredService, steeredParts, whoSteers } from "../model/index.ts";
import { columns } from "./columns.ts";
import { plainText } from "./plain-text.ts";
import type { Moment } from "./render-report.ts";

const partsShown = 12;

/** One line each: the service, what is wanted, by whom and since when. Empty: nothing is. */
export function tellSteering(
  services: readonly SteeredService[],
  { style, nowMs }: Moment,
): string {
  const rows = services.flatMap(({ service, wish }) =>
    steeredParts(wish).map((part) => [
      style.paint("yellow", plainText(service)),
      plainText(part.what),
      style.paint("grey", plainText(whoSteers(part, nowMs))),
    ]),
  );
  if (rows.length === 0) return "";
  const more = rows.length - partsShown;
  return [
    "Steered from outside:",
    columns(rows.slice(0, partsShown)),
    ...(more > 0 ? [`and ${more} more: soulmirror engine`] : []),
  ].join("\n");
}
