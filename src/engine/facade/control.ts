/** Lets the daemon that has started this service steer its engine, if the environment says so. */
import { messageOf } from "../../kernel/index.ts";
import { SteeredEngine, type SteeredEngineOptions, wishEntries } from "../control/index.ts";
import type { EngineSettings, Entry } from "../settings/index.ts";
import type { EngineProviders } from "./provider-groups.ts";

interface Given
  extends Omit<SteeredEngineOptions, "endpoint" | "token" | "folder" | "goBy" | "mode"> {
  readonly providers: EngineProviders;
  readonly settings: () => EngineSettings;
  /** What the daemon sets from now on. */
  readonly set: (entries: readonly Entry[]) => void;
}

/** Returns the function that ends it. A mistake in the environment is told and stops nothing. */
export function startControl({ providers, settings, set, ...given }: Given): () => void {
  if (!settings().value("integration.unifiedDashboard")) return () => {};
  const { SOULMIRROR_ENDPOINT: endpoint, SOULMIRROR_TOKEN: token } = process.env;
  const folder = process.env["SOULMIRROR_STATE"];
  if (!endpoint || !token) return () => {};
  try {
    const steered = new SteeredEngine({
      ...given,
      mode: () => settings().mode,
      endpoint,
      token,
      folder,
      goBy: (wish) => {
        set(wishEntries(wish));
        providers.wishExactly(wish.providers);
      },
    });
    return () => steered.close();
  } catch (error) {
    const message = `the daemon cannot steer this engine: ${messageOf(error)}`;
    given.events.emit("state", { subject: "control", message });
    return () => {};
  }
}
