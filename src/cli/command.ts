/**
 * What a command is: a line in `command-table.ts` that says how it is called, and a file in
 * `commands/` that is loaded only when it is. Both meet in `Context`.
 */
import type { Output } from "./output.ts";
import type { Place } from "./place.ts";

export interface Context {
  /** In the order of the command line; an argument that was left out is undefined. */
  readonly args: readonly (string | undefined)[];
  readonly options: Options;
  readonly place: Place;
  readonly out: Output;
}

/** Resolves with the exit code; nothing means 0. Throws a SoulMirrorError for all others. */
export type Run = (context: Context) => Promise<number | undefined>;

export interface Options {
  has(name: string): boolean;
  text(name: string): string | undefined;
  /** Throws BAD_REQUEST when it is not a whole number within its bounds. */
  count(
    name: string,
    bounds?: { readonly min?: number; readonly max?: number },
  ): number | undefined;
}

export interface CommandLine {
  readonly name: string;
  readonly summary: string;
  /** As commander reads them: `<needed>`, `[optional]`, with what they are. */
  readonly args?: readonly (readonly [usage: string, about: string, choices?: readonly string[]])[];
  /** `-f, --follow` or `-n, --lines <count>`, with what they do. */
  readonly options?: readonly (readonly [usage: string, about: string])[];
  /** Shown below the help of the command. */
  readonly more?: string;
  /** For programs of ours: no help and no completion names it. */
  readonly isHidden?: true;
  readonly load: () => Promise<Run>;
}

/** A command that has commands of its own: `soulmirror vault backup`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly CommandLine[];
  readonly more?: string;
}

export function isGroup(line: CommandLine | CommandGroup): line is CommandGroup {
  return "verbs" in line;
}
