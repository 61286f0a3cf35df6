import { stringify } from "yaml";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Run } from "../command.ts";
import { mustReadFleet } from "../read-fleet.ts";

/**
 * `show`: all that is in force, or one key of it, defaults included; `explain KEY`: where one value
 * is from.
 */
export const config: Run = async ({ args, place, out }) => {
  const [what, key] = args;
  if (what === "explain" && key === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", "which key?", {
      fix: "for example `soulmirror config explain api.port`",
    });
  }
  const { explain } = mustReadFleet({ path: place.fleetPath, port: place.port });
  const explanation = explain(key ?? "");
  if (explanation === undefined) {
    throw new SoulMirrorError("NOT_FOUND", `the configuration has no key ${key}`, {
      fix: "`soulmirror config show` shows all keys",
    });
  }
  if (what === "show") {
    const { value } = explanation;
    out.show(value, () => stringify(value).trimEnd());
    return 0;
  }
  out.show(explanation, (style) => {
    const { value, origin, overridden } = explanation;
    const lines = [
      `${style.paint("bold", explanation.key)} = ${oneLine(value)}`,
      `  from ${origin}`,
      ...overridden.map((each) => `  instead of ${oneLine(each.value)} from ${each.origin}`),
    ];
    return lines.join("\n");
  });
  return 0;
};

function oneLine(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
