/**
 * The command line. Only the chosen command is loaded, so that `status` answers at once.
 * Exit codes come from the one table of errors; a command line that makes no sense is BAD_REQUEST.
 */
import { Argument, Command, CommanderError } from "commander";
import { errorTable, SoulMirrorError } from "../kernel/index.ts";
import { version } from "../system/index.ts";
import { type CommandGroup, type CommandLine, isGroup } from "./command.ts";
import { commandTable } from "./command-table.ts";
import { readOptions } from "./options.ts";
import { Output } from "./output.ts";
import { Place } from "./place.ts";
import { reportError } from "./report-error.ts";

const exitCodes = `
Exit codes:
  0  done
  1  there is no such thing, its state does not allow it, or not all is well
  2  the command line or the fleet file is not right
  3  the data directory or the store cannot be used
  4  the journal was edited or cut
  5  no daemon answers
  6  not allowed
  7  the drill found a fault that was not healed
  10 there is no vault, another one, or one of a newer version
  11 somebody else works in the vault
  12 the passphrase of the vault is wrong
  70 an error of soulmirror itself
  130 the drill was interrupted
`;

function createProgram(): Command {
  const program = new Command("soulmirror")
    .description("Keeps a fleet of services well: watches, heals, verifies, records.")
    .version(version(), "-V, --version")
    .option("-c, --config <file>", "the fleet file (default: soulmirror.yaml, here or above)")
    .option("--data <directory>", "the data directory (default: .soulmirror beside the fleet file)")
    .option("--port <number>", "port of the API")
    .option(
      "--json",
      "one JSON document instead of text; `logs`, `watch`, `up -f`, `vault ls`, `vault diff`: one a line",
    )
    .option("--no-color", "no colours (nor with NO_COLOR, nor into a pipe)")
    .addHelpText("after", exitCodes)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const line of commandTable) addCommand(program, line);
  return program;
}

function addCommand(parent: Command, line: CommandLine | CommandGroup): void {
  const isHidden = !isGroup(line) && line.isHidden === true;
  const command = parent
    .command(line.name, { hidden: isHidden })
    .summary(line.summary)
    .description(line.summary);
  if (line.more !== undefined) command.addHelpText("after", `\n${line.more}`);
  if (isGroup(line)) for (const verb of line.verbs) addCommand(command, verb);
  else addAction(command, line);
}

function addAction(command: Command, line: CommandLine): void {
  for (const [usage, about, choices] of line.args ?? []) {
    const argument = new Argument(usage, about);
    command.addArgument(choices ? argument.choices([...choices]) : argument);
  }
  for (const [usage, about] of line.options ?? []) command.option(usage, about);
  command.action(async (...given: readonly unknown[]) => {
    const args = given.slice(0, line.args?.length ?? 0);
    const run = await line.load();
    const options = readOptions(command.optsWithGlobals());
    const place = new Place({
      config: options.text("config"),
      data: options.text("data"),
      port: options.count("port", { min: 1, max: 65_535 }),
    });
    const out = new Output({ isJson: options.has("json"), wantsColour: options.has("color") });
    process.exitCode =
      (await run({ args: args as readonly (string | undefined)[], options, place, out })) ?? 0;
  });
}

async function main(): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error, program);
  }
}

/** Help that was asked for is no error; help because nothing was said is a wrong command line. */
function exitCodeOf(error: unknown, program: Command): number {
  if (!(error instanceof CommanderError)) return reportError(error, asksForJson());
  if (error.exitCode === 0) return 0;
  if (error.code === "commander.help") return errorTable.BAD_REQUEST.exitCode;
  const { message, guess } = inOurWords(error.message);
  const help = `\`${program.name()} --help\` lists the commands, \`${program.name()} COMMAND --help\` their options`;
  const fix = guess === undefined ? help : `did you mean ${guess}? ${help}`;
  return reportError(new SoulMirrorError("BAD_REQUEST", message, { fix }), asksForJson());
}

/** Without what only programmers know, and with the guess where every other fix stands. */
function inOurWords(said: string): { readonly message: string; readonly guess?: string } {
  const [first = "", hint = ""] = said.replace(/^error: /, "").split("\n");
  const guess = /^\(Did you mean (.+)\?\)$/.exec(hint)?.[1];
  const message = first.replace(
    /^command-argument value (.+) is invalid for argument '(.+)'\. Allowed choices are (.+)\.$/,
    "$2 is one of $3, not $1",
  );
  return { message, ...(guess === undefined ? {} : { guess }) };
}

/** Also when the command line could not be read to its end. */
function asksForJson(): boolean {
  return process.argv.includes("--json");
}

await main();
