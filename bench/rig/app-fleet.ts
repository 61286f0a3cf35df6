/** The fleet of most figures: the one application, watched closely, healed without long pauses. */
import { budgets, probe } from "./budgets.ts";
import { appFile } from "./start-app.ts";

/** `app` and `detection` are what a figure wants otherwise. */
export function appFleet(app: object, detection: object): object {
  return {
    budgets,
    detection: { relapse: "1s", ...detection },
    services: {
      app: { command: [process.execPath, appFile("app")], health_check: probe, ...app },
    },
  };
}
