/**
 * Completion for three shells, made from the table of commands. The scripts stand on their own:
 * they start nothing while somebody types.
 */
import { type CommandGroup, type CommandLine, isGroup } from "./command.ts";

type Commands = readonly (CommandLine | CommandGroup)[];
type Script = (commands: Commands) => string;

const globalOptions = ["-c", "--config", "--data", "--port", "--json", "--no-color", "--help"];

export const completionScripts: Readonly<Record<string, Script>> = { bash, zsh, fish };

/** `-n, --lines <count>` has the words `-n` and `--lines`. */
function wordsOf(usage: string): readonly string[] {
  return usage.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? [];
}

interface Place {
  /** The names on the way: `vault backup`. */
  readonly path: string;
  readonly choices: readonly string[];
}

/** Groups before what is in them. */
function placesOf(commands: Commands): readonly Place[] {
  return commands.flatMap((line) => {
    if (!isGroup(line)) return [{ path: line.name, choices: choicesOf(line) }];
    const own = { path: line.name, choices: line.verbs.map(({ name }) => name) };
    const verbs = placesOf(line.verbs);
    return [own, ...verbs.map(({ path, choices }) => ({ path: `${line.name} ${path}`, choices }))];
  });
}

function choicesOf({ args = [], options = [] }: CommandLine): readonly string[] {
  return [
    ...args.flatMap(([, , choices]) => choices ?? []),
    ...options.flatMap(([usage]) => wordsOf(usage)),
  ];
}

function bash(commands: Commands): string {
  const cases = placesOf(commands).map(({ choices, path }) => {
    const words = [...choices, ...globalOptions].join(" ");
    return `    " ${path}") place="$place $word" words="${words}" ;;`;
  });
  const all = [...commands.map(({ name }) => name), ...globalOptions].join(" ");
  return `# soulmirror completion bash > /etc/bash_completion.d/soulmirror
_soulmirror() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" word place="" words=""
  COMPREPLY=()
  case "$previous" in
    -c|--config) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --data) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
${cases.map((line) => `  ${line}`).join("\n")}
    esac
  done
  [ -z "$words" ] && words="${all}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _soulmirror soulmirror
`;
}

function zsh(commands: Commands): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  // What is in a group comes before it: the first pattern that fits counts.
  const cases = placesOf(commands)
    .toReversed()
    .map(({ choices, path }) => {
      return `    "${path} "*) compadd -- ${[...choices, ...globalOptions].join(" ")} ;;`;
    });
  return `#compdef soulmirror
# soulmirror completion zsh > a folder of $fpath, as _soulmirror
_soulmirror() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "\${words[CURRENT-1]}" in
    -c|--config) _files; return ;;
    --data) _files -/; return ;;
  esac
  case "\${words[2,CURRENT-1]} " in
${cases.join("\n")}
  esac
}
if [ "\${funcstack[1]}" = "_soulmirror" ]; then _soulmirror "$@"; else compdef _soulmirror soulmirror; fi
`;
}

function fish(commands: Commands): string {
  const quoted = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const argumentsOf = (line: CommandLine, within: string): readonly string[] => [
    ...(line.args ?? []).flatMap(([, , choices = []]) =>
      choices.map((choice) => `complete -c soulmirror -n '${within}' -a ${choice}`),
    ),
    ...(line.options ?? []).map(([usage, about]) => {
      const flags = wordsOf(usage).map((word) =>
        word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
      );
      return `complete -c soulmirror -n '${within}' ${flags.join(" ")} -d '${quoted(about)}'`;
    }),
  ];
  const verbsOf = ({ name, verbs }: CommandGroup): readonly string[] => {
    const within = `__fish_seen_subcommand_from ${name}`;
    const names = verbs.map((verb) => verb.name).join(" ");
    return verbs.flatMap((verb) => [
      `complete -c soulmirror -n '${within}; and not __fish_seen_subcommand_from ${names}' -a ${verb.name} -d '${quoted(verb.summary)}'`,
      ...argumentsOf(verb, `${within}; and __fish_seen_subcommand_from ${verb.name}`),
    ]);
  };
  const lines = commands.flatMap((line) => [
    `complete -c soulmirror -n __fish_use_subcommand -a ${line.name} -d '${quoted(line.summary)}'`,
    ...(isGroup(line)
      ? verbsOf(line)
      : argumentsOf(line, `__fish_seen_subcommand_from ${line.name}`)),
  ]);
  return `# soulmirror completion fish > ~/.config/fish/completions/soulmirror.fish
complete -c soulmirror -f
complete -c soulmirror -s c -l config -r -F -d 'the fleet file'
complete -c soulmirror -l data -r -d 'the data directory'
complete -c soulmirror -l port -r -d 'port of the API'
complete -c soulmirror -l json -d 'one JSON document'
complete -c soulmirror -l no-color -d 'no colours'
${lines.join("\n")}
`;
}
