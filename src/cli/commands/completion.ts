import { SoulMirrorError } from "../../kernel/index.ts";
import { type CommandGroup, type CommandLine, isGroup, type Run } from "../command.ts";
import { commandTable } from "../command-table.ts";
import { completionScripts } from "../completion-scripts.ts";

export const completion: Run = async ({ args, out }) => {
  const shell = args[0] ?? "";
  const script = completionScripts[shell];
  if (script === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", `there is no completion for ${shell}`);
  }
  const text = script(commandTable.map(shown)).trimEnd();
  out.show({ shell, script: text }, () => text);
  return 0;
};

function shown(line: CommandLine | CommandGroup): CommandLine | CommandGroup {
  if (!isGroup(line)) return line;
  return { ...line, verbs: line.verbs.filter(({ isHidden }) => isHidden !== true) };
}
