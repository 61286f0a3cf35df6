/** `soulmirror vault prune`: forgets what no rule keeps, and gives back the room. */
import { freezeTexts, type Pruning, pruneVault, vaultFolder } from "../../custodian/index.ts";
import { formatBytes } from "../../kernel/index.ts";
import type { PruneOutcome } from "../../vault/index.ts";
import { counted } from "../counted.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { chosenVault, openChosen } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { withProgress } from "./progress-bar.ts";
import { waiting } from "./waiting.ts";

export const prune = interruptible(
  waiting(async (context, signal) => {
    const { options, out, place } = context;
    const spec = chosenVault(context);
    const folder = vaultFolder(place.dataPath, spec.name);
    await using opened = await openChosen(context, spec, { signal });
    const isDryRun = options.has("dryRun");
    const isAccepted = options.has("accept");
    const giveUp = (options.text("giveUp") ?? "").split(",").filter((each) => each !== "");
    const wish = { isDryRun, isAccepted, giveUp };
    const pruning = await withProgress(spec.name, out, (onProgress) =>
      pruneVault({ spec, opened, folder, ...wish, signal, onProgress }),
    );
    const exitCode = exitCodeOf(pruning);
    if (out.isJson) {
      const { forgotten, givenUp, pruned } = pruning;
      const { plan, thinning: _thinning, ...figures } = forgotten;
      const told = { ...figures, keep: plan.keep, freezes: plan.freezes };
      const result = { vault: spec.name, exitCode, isDryRun, givenUp, forgotten: told, pruned };
      out.write(JSON.stringify({ kind: "result", ...result }));
    } else out.write(tell(pruning, isDryRun, out.style));
    return exitCode;
  }),
);

/** As the help says. */
function exitCodeOf({ forgotten, pruned }: Pruning): number {
  if (forgotten.plan.freezes.length > 0 || pruned.kind === "postponed") return 3;
  if (pruned.incomplete.length > 0) return 3;
  return pruned.kind === "done" && pruned.unfinished.length > 0 ? 3 : 0;
}

function tell({ forgotten, givenUp, pruned }: Pruning, isDryRun: boolean, style: Style): string {
  const { keep } = forgotten.plan;
  const frozen = freezeTexts(forgotten);
  const count = forgotten.forgotten.length;
  const going = count === 0 ? "no snapshot." : `${counted(count, "snapshot")}:`;
  return [
    ...givenUp.map(
      ({ id, lacks }) => `${isDryRun ? "Would give" : "Gave"} up ${id}: ${lost[lacks]}`,
    ),
    `${isDryRun ? "Would forget" : "Forgot"} ${going}`,
    ...forgotten.forgotten.map((id) => `  ${id.slice(0, 8)}`),
    `${counted(keep.length - forgotten.thinning.merges.length, "snapshot")} left.`,
    ...(frozen.length > 0
      ? [
          style.paint("yellow", "Nothing is forgotten, because"),
          ...frozen.map((why) => plainLines(`  ${why}`)),
          "When all of that is as it should be: --accept.",
        ]
      : []),
    ...roomOf(pruned, style),
  ].join("\n");
}

/** Of a snapshot, at every location that holds it. */
const lost: Readonly<Record<Pruning["givenUp"][number]["lacks"], string>> = {
  itself: "it cannot be read",
  folders: "folders of it are lost",
  contents: "contents of it are lost",
};

function tellIncomplete(incomplete: Pruning["givenUp"], style: Style): readonly string[] {
  if (incomplete.length === 0) return [];
  const count = counted(incomplete.length, "snapshot");
  return [
    style.paint(
      "red",
      `${count} cannot be restored whole from anywhere; what is left of it stays:`,
    ),
    ...incomplete.map(({ id, lacks }) => `  ${id}: ${lost[lacks]}`),
    "They go by the rules as all others, or at once: --give-up ID.",
  ];
}

function roomOf(pruned: PruneOutcome, style: Style): readonly string[] {
  const lineOf = ({ location, reason }: { location: string; reason: string }): string =>
    plainLines(`  ${location}: ${reason}`);
  if (pruned.kind === "postponed") {
    const waits = pruned.waitsFor.map(lineOf);
    return [style.paint("yellow", "No room was given back, because these are away:"), ...waits];
  }
  const { copiedPacks, freedBytes, keptPacks, removedPacks } = pruned.figures;
  const packs = `${keptPacks} packs stay, ${copiedPacks} are put together, ${removedPacks} go`;
  if (pruned.kind === "planned") {
    return [
      `Would give back ${formatBytes(freedBytes)} at each location: ${packs}.`,
      ...tellIncomplete(pruned.incomplete, style),
    ];
  }
  return [
    ...tellIncomplete(pruned.incomplete, style),
    `${style.paint("green", "Gave back")} ${formatBytes(freedBytes)} at each location: ${packs}.`,
    ...(pruned.unfinished.length > 0
      ? [style.paint("yellow", "Left for the next run at"), ...pruned.unfinished.map(lineOf)]
      : []),
  ];
}
