/** `soulmirror vault ls`: the paths of a snapshot, one a line. */
import { errorTable } from "../../kernel/index.ts";
import { jsonOfListed, listPaths, longLineOf } from "../../vault/index.ts";
import { plainText } from "../plain-text.ts";
import { shownName } from "../shown-name.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { nothingMatches } from "./nothing-matches.ts";
import { partsMeant, pathOf, reading, snapshotMeant } from "./reading.ts";

export const ls = interruptible(async (context, signal) => {
  const { options, out } = context;
  const spec = chosenVault(context);
  return await reading(context, { spec, signal }, async ({ session, snapshots }) => {
    const snapshot = snapshotMeant(snapshots, context);
    const { paths, tree } = snapshot;
    const parts = partsMeant(options, spec, paths);
    let exitCode = 0;
    let count = 0;
    for await (const listed of listPaths(session, { tree, parts })) {
      count += 1;
      if (listed.kind === "damaged") exitCode = errorTable.VAULT_DAMAGED.exitCode;
      if (out.isJson) out.write(jsonOfListed(listed));
      else if (listed.kind === "damaged") {
        out.note(`damaged: ${shownName(listed.path)}: ${plainText(listed.reason)}`);
      } else {
        const { node, path } = listed;
        const isLong = options.has("long");
        out.write(isLong ? plainText(longLineOf(path, node, shownName)) : shownName(path));
      }
    }
    if (count === 0) {
      throw await nothingMatches(session, { snapshots, snapshot, path: pathOf(options) });
    }
    return exitCode;
  });
});
