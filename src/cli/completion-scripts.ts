/**
 * Completion for three shells, made from the table of commands. The scripts stand on their own:
 * they start nothing while somebody types.
 */
import type { CommandLine } from "./command.ts";

type Script = (commands: readonly CommandLine[]) => string;

const globalOptions = ["-c", "--config", "--data", "--port", "--json", "--no-color", "--help"];

export const completionScripts: Readonly<Record<string, Script>> = { bash, zsh, fish };

/** `-n, --lines <count>` has the words `-n` and `--lines`. */
function wordsOf(usage: string): readonly string[] {
  return usage.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? [];
}

function choicesOf({ args = [], options = [] }: CommandLine): readonly string[] {
  return [
    ...args.flatMap(([, , choices]) => choices ?? []),
    ...options.flatMap(([usage]) => wordsOf(usage)),
  ];
}

function bash(commands: readonly CommandLine[]): string {
  const cases = commands.map((command) => {
    const words = [...choicesOf(command), ...globalOptions].join(" ");
    return `    ${command.name}) words="${words}" ;;`;
  });
  const all = [...commands.map(({ name }) => name), ...globalOptions].join(" ");
  return `# soulmirror completion bash > /etc/bash_completion.d/soulmirror
_soulmirror() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" word words=""
  COMPREPLY=()
  case "$previous" in
    -c|--config) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --data) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
${cases.map((line) => `  ${line}`).join("\n")}
    esac
    [ -n "$words" ] && break
  done
  [ -z "$words" ] && words="${all}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _soulmirror soulmirror
`;
}

function zsh(commands: readonly CommandLine[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = commands.map((command) => {
    return `    ${command.name}) compadd -- ${[...choicesOf(command), ...globalOptions].join(" ")} ;;`;
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
  case "\${words[2]}" in
${cases.join("\n")}
  esac
}
if [ "\${funcstack[1]}" = "_soulmirror" ]; then _soulmirror "$@"; else compdef _soulmirror soulmirror; fi
`;
}

function fish(commands: readonly CommandLine[]): string {
  const quoted = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const lines = commands.flatMap((command) => {
    const { name, summary } = command;
    const within = `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c soulmirror -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
      ...(command.args ?? []).flatMap(([, , choices = []]) =>
        choices.map((choice) => `complete -c soulmirror -n '${within}' -a ${choice}`),
      ),
      ...(command.options ?? []).map(([usage, about]) => {
        const flags = wordsOf(usage).map((word) =>
          word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
        );
        return `complete -c soulmirror -n '${within}' ${flags.join(" ")} -d '${quoted(about)}'`;
      }),
    ];
  });
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
