/** `soulmirror vault backup`: protects everything as it is now, and says what came of it. */
import { type DumpOutcome, type Protection, protect, vaultFolder } from "../../custodian/index.ts";
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { chosenVault, openChosen } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { withProgress } from "./progress-bar.ts";
import { tellSuspicion } from "./tell-suspicion.ts";
import { waiting } from "./waiting.ts";

export const backup = interruptible(
  waiting(async (context, signal) => {
    const { options, out, place } = context;
    const spec = chosenVault(context);
    const folder = vaultFolder(place.dataPath, spec.name);
    await using opened = await openChosen(context, spec, { signal });
    const protection = await withProgress(spec.name, out, (onProgress) =>
      protect({
        spec,
        opened,
        folder,
        dataFolder: place.dataPath,
        signal,
        tags: options.text("tag")?.split(",").filter(Boolean) ?? [],
        onProgress,
        onNotice: (text) => out.note(`warning: ${text}`),
      }),
    );
    const exitCode = exitCodeOf(protection);
    if (out.isJson) {
      out.write(JSON.stringify({ kind: "result", vault: spec.name, exitCode, ...protection }));
    } else out.write(tell(protection, out.style));
    return exitCode;
  }),
);

/** As the help says. */
function exitCodeOf({ dumps, suspicions, verdict }: Protection): number {
  if (verdict === "too-few") return 1;
  const isWhole =
    suspicions.length === 0 && dumps.every((each) => each.isTaken && each.doubt === "");
  return verdict === "everywhere" && isWhole ? 0 : 3;
}

function tell(protection: Protection, style: Style): string {
  const { addedBytes, counts, dumps, elapsedMs, places, snapshots, suspicions } = protection;
  const holding = places.filter(({ holds }) => holds).length;
  const id = (snapshots.at(-1) ?? "").slice(0, 8);
  const files = `${counts.newFiles} new, ${counts.changedFiles} changed, ${counts.unchangedFiles} as before`;
  const [colour, word] =
    protection.verdict === "too-few"
      ? (["red", "Too few locations hold"] as const)
      : (["green", "Protected as"] as const);
  const took = formatDuration(Math.max(1, Math.round(elapsedMs)));
  return [
    `${style.paint(colour, word)} snapshot ${id}: ${files}; ${formatBytes(counts.totalBytes)} in all, ${formatBytes(addedBytes)} stored, ${took}`,
    `${holding} of ${places.length} locations hold it.`,
    ...places.flatMap(({ holds, location, reason }) =>
      holds ? [] : [style.paint("yellow", `  not ${location}: ${plainLines(reason)}`)],
    ),
    ...dumps.flatMap((dump) => tellDump(dump).map((line) => style.paint("yellow", line))),
    ...suspicions.map((each) =>
      style.paint("yellow", `suspect: ${plainLines(tellSuspicion(each))}`),
    ),
    ...protection.unsteady.map((path) => `changed while it was read: ${plainLines(path)}`),
  ].join("\n");
}

function tellDump(dump: DumpOutcome): readonly string[] {
  const { name } = dump;
  if (!dump.isTaken) return [`dump ${name} failed: ${plainLines(dump.reason)}`];
  if (dump.doubt === "") return [];
  return [
    `suspect: dump ${name}: ${plainLines(dump.doubt)}`,
    "  The last good one is kept beside it, and no snapshot is forgotten.",
    "  When it is as it should be: `soulmirror vault prune --accept`.",
  ];
}
