import type { Restored } from "../../custodian/index.ts";
import { plainText } from "../plain-text.ts";

type Database = Restored["databases"][number];

/** Where databases are that a restore has as dumps, a line each. */
export function tellDatabases({ databases, target }: Restored): readonly string[] {
  const root = target === "/" ? "" : target;
  return databases.map((each) => plainText(`Database ${each.name}: ${placeOf(each, root)}`));
}

const loadedBy: Readonly<Record<Database["kind"], string>> = {
  sqlite: "copy it to where the database belongs",
  pg_dump: "load it by psql --file, or by pg_restore where it is no plain text",
  mariadb_dump: "load it by mariadb DATABASE < FILE",
  command: "load it by what belongs to the program that wrote it",
};

function placeOf({ database = "", dump, kind, outcome }: Database, root: string): string {
  const place = `${root}${database}`;
  switch (outcome) {
    case "placed":
      return `${place}, as its dump has it.`;
    case "kept":
      return `${place} is left as it is, for it is as new as its dump, or newer.`;
    case "refused":
      return `not restored to ${place}; its dump is in the snapshot: ${dump}`;
    case "apart":
      return `its dump is ${root}${dump}; ${loadedBy[kind]}.`;
    case "absent":
      return "this snapshot has no dump of it.";
  }
}
