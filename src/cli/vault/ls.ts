/** `soulmirror vault ls`: the paths of a snapshot, one a line. */
import { errorTable } from "../../kernel/index.ts";
import { jsonOfListed, listPaths, longLineOf, textOfRawPath } from "../../vault/index.ts";
import { plainText } from "../plain-text.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { partsMeant, reading, snapshotMeant } from "./reading.ts";

export const ls = interruptible(async (context, signal) => {
  const { options, out } = context;
  const spec = chosenVault(context);
  return await reading(context, { spec, signal }, async ({ session, snapshots }) => {
    const { paths, tree } = snapshotMeant(snapshots, options);
    const parts = partsMeant(options, spec, paths);
    let exitCode = 0;
    for await (const listed of listPaths(session, { tree, parts })) {
      if (listed.kind === "damaged") exitCode = errorTable.VAULT_DAMAGED.exitCode;
      if (out.isJson) out.write(jsonOfListed(listed));
      else if (listed.kind === "damaged") {
        out.note(plainText(`damaged: ${textOfRawPath(listed.path)}: ${listed.reason}`));
      } else {
        const { node, path } = listed;
        out.write(plainText(options.has("long") ? longLineOf(path, node) : textOfRawPath(path)));
      }
    }
    return exitCode;
  });
});
