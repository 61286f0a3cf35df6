/** Lets the daemon that has started this service steer its engine, if the environment says so. */
import { messageOf } from "../../kernel/index.ts";
import { SteeredEngine, type SteeredEngineOptions } from "../control/index.ts";

type Given = Omit<SteeredEngineOptions, "endpoint" | "token" | "folder">;

/** Returns the function that ends it. A mistake in the environment is told and stops nothing. */
export function startControl(given: Given): () => void {
  const { SOULMIRROR_ENDPOINT: endpoint, SOULMIRROR_TOKEN: token } = process.env;
  const folder = process.env["SOULMIRROR_STATE"];
  if (!endpoint || !token) return () => {};
  try {
    const steered = new SteeredEngine({ ...given, endpoint, token, folder });
    return () => steered.close();
  } catch (error) {
    const message = `the daemon cannot steer this engine: ${messageOf(error)}`;
    given.events.emit("state", { subject: "control", message });
    return () => {};
  }
}
