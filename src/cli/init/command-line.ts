/**
 * A line that was written for a shell, as a command that needs none where that is possible:
 * leading assignments become environment, plain words stay words. Whatever needs a shell gets one.
 */
import { splitWords } from "../../config/index.ts";

export interface CommandLine {
  readonly command: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly needsShell: boolean;
}

export function readCommandLine(line: string): CommandLine {
  const env: Record<string, string> = {};
  let rest = line.trim();
  for (;;) {
    const found = /^([A-Za-z_]\w*)=("[^"$`\\]*"|'[^']*'|[^\s"'$`\\]*)\s+/.exec(rest);
    if (!found) break;
    env[found[1] ?? ""] = (found[2] ?? "").replaceAll(/^["']|["']$/g, "");
    rest = rest.slice(found[0].length);
  }
  const words = splitWords(rest);
  // A glob or a home folder would reach the program as it stands.
  const isPlain = words.ok && !/(^|\s)~|[*?[\]{}!#]/.test(rest);
  if (isPlain) return { command: rest, env, needsShell: false };
  // `exec` only fits one command: with `a && b` the shell has to stay.
  const isOne = !/[|&;]/.test(rest);
  return { command: ["sh", "-c", isOne ? `exec ${rest}` : rest], env, needsShell: true };
}
