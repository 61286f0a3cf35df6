/**
 * `soulmirror vault init`: a repository at every location, and the trail that proves what follows.
 */
import { makeVault, recordInVault, vaultFolder } from "../../custodian/index.ts";
import { chosenVault, openingOf } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";

export const init = interruptible(async (context, signal) => {
  const { out, place } = context;
  const spec = chosenVault(context);
  const folder = vaultFolder(place.dataPath, spec.name);
  const repository = await makeVault({ ...openingOf(spec), signal });
  const locations = spec.locations.map(({ name }) => name);
  const publicKeyFile = await recordInVault(folder, "initialised", { repository, locations });
  out.show({ vault: spec.name, repository, locations, publicKeyFile }, (style) =>
    [
      `${style.paint("green", "The vault is made")}: repository ${repository.slice(0, 8)} at`,
      ...locations.map((name) => `  ${name}`),
      "Keep the passphrase where this machine is not: without it nothing can be restored.",
      `What proves the backups is signed; keep a copy of ${publicKeyFile} elsewhere.`,
    ].join("\n"),
  );
  return 0;
});
