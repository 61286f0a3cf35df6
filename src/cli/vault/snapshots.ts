/** `soulmirror vault snapshots`: what was protected when. Takes no lock and writes nothing. */
import { snapshotsOf, vaultFolderPath } from "../../custodian/index.ts";
import { columns } from "../columns.ts";
import { counted } from "../counted.ts";
import { plainLines } from "../plain-text.ts";
import { chosenVault, openChosen } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";

const shownUsually = 50;

export const snapshots = interruptible(async (context, signal) => {
  const { options, out, place } = context;
  const spec = chosenVault(context);
  const most = options.count("lines", { min: 1 }) ?? shownUsually;
  await using opened = await openChosen(context, spec, { signal });
  const found = await snapshotsOf({
    vault: opened.vault,
    folder: vaultFolderPath(place.dataPath, spec.name),
    signal,
  });
  const shown = found.slice(-most);
  out.show({ vault: spec.name, snapshots: shown, count: found.length }, (style) => {
    if (shown.length === 0) return "There is no snapshot yet: `soulmirror vault backup`.";
    const rows = shown.map(({ at, hostname, id, locations, paths, tags }) => [
      id.slice(0, 8),
      at.replace("T", " ").replace(/(?:\.\d+)?Z$/, "Z"),
      plainLines(hostname),
      `${locations.length}/${spec.locations.length}`,
      plainLines(tags.join(",")),
      plainLines(paths.join(" ")),
    ]);
    const head = ["id", "time", "host", "at", "tags", "paths"].map((each) =>
      style.paint("bold", each),
    );
    const hidden = found.length - shown.length;
    const rest = hidden > 0 ? [`${counted(hidden, "older snapshot")} not shown: see -n`] : [];
    return [columns([head, ...rows], { width: style.width, spare: [4, 2] }), ...rest].join("\n");
  });
  return 0;
});
