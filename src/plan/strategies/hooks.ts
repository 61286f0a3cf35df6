/**
 * Named commands and webhooks of the fleet file, as strategies `command:<name>` and
 * `webhook:<name>`.
 */
import { hooksOf, type Strategy } from "../strategy.ts";
import { hookStep } from "./steps.ts";
import { isIrreversible } from "./switch-alternative.ts";

export function hookStrategy(name: string): Strategy | undefined {
  const [kind, hookName] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
  if (kind !== "command" && kind !== "webhook") return undefined;
  const find = (context: Parameters<Strategy["steps"]>[0]) => {
    const hooks = hooksOf(context);
    return kind === "command" ? hooks?.commands[hookName] : hooks?.webhooks[hookName];
  };
  return {
    name,
    heals: {},
    repeatable: false,
    reverts: true,
    irreversible: (context) => isIrreversible(find(context)),
    against: (context) =>
      find(context) === undefined ? `no ${kind} "${hookName}" is declared` : undefined,
    steps(context) {
      const hook = find(context);
      return hook ? [hookStep(context, `${kind}s.${hookName}`, hook)] : [];
    },
  };
}
