import { resolve } from "node:path";
import { formatProblem } from "../../config/index.ts";
import { errorTable } from "../../kernel/index.ts";
import type { Run } from "../command.ts";
import { counted } from "../counted.ts";
import { readFleet } from "../read-fleet.ts";

export const validate: Run = async ({ args, place, out }) => {
  const path = args[0] === undefined ? place.fleetPath : resolve(args[0]);
  const result = readFleet({ path, port: place.port });
  if (!result.ok) {
    const problems = result.error;
    out.show({ valid: false, problems }, (style) => {
      const count = counted(problems.length, "problem");
      const text = problems.map(formatProblem).join("\n");
      return `${text}\n\n${style.paint("red", `${path} is not valid: ${count}.`)}`;
    });
    return errorTable.CONFIG_INVALID.exitCode;
  }
  const { fleet, warnings } = result.value;
  const services = Object.keys(fleet.services);
  const resources = Object.keys(fleet.resources);
  const vaults = Object.keys(fleet.vaults);
  const found = { fleet: fleet.name, services, resources, vaults };
  out.show({ valid: true, ...found, warnings }, (style) => {
    const told = [
      counted(services.length, "service"),
      counted(resources.length - vaults.length, "other resource"),
      ...(vaults.length === 0 ? [] : [counted(vaults.length, "vault")]),
    ].join(", ");
    return [
      ...warnings.map((warning) => style.paint("yellow", `warning: ${warning}`)),
      `${style.paint("green", `${path} is valid`)}: fleet ${fleet.name}, ${told}.`,
    ].join("\n");
  });
  return 0;
};
