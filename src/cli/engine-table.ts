/** One line for each service with engines inside: how many, in which mode, with what open. */
import type { SteeredService } from "../model/index.ts";
import { type EngineReport, turnsAway } from "../targets/index.ts";
import { columns } from "./columns.ts";
import { counted } from "./counted.ts";
import { plainText } from "./plain-text.ts";
import type { Style } from "./style.ts";

export interface SeenEngines {
  readonly engines: readonly EngineReport[];
  readonly steered: readonly SteeredService[];
}

export function namesOf({ engines, steered }: SeenEngines): readonly string[] {
  const names = [...engines, ...steered].map(({ service }) => service);
  return [...new Set(names)].sort();
}

/** A circuit is open here where `status` counts it: what is only told of turns nothing away. */
export function engineTable(seen: SeenEngines, style: Style): string {
  const { engines, steered } = seen;
  const head = ["SERVICE", "ENGINES", "LISTEN", "MODE", "OPERATIONS", "OPEN"];
  const rows = namesOf(seen).map((name) => {
    const own = engines.filter(({ service }) => service === name);
    const links = steered.find(({ service }) => service === name)?.engines ?? [];
    const operations = own.flatMap((each) => each.operations);
    const open = operations.filter(turnsAway);
    const inForce = [...new Set(links.flatMap(({ mode }) => mode ?? []))];
    return [
      plainText(name),
      String(own.length),
      String(links.length),
      inForce.join(", ") || "-",
      String(new Set(operations.map((each) => each.name)).size),
      open.length === 0 ? "-" : style.paint("red", counted(open.length, "circuit")),
    ];
  });
  return columns([head.map((cell) => style.paint("grey", cell)), ...rows]);
}
