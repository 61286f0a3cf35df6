import { failed, type Result, success } from "../kernel/index.ts";

/**
 * Splits a command line into words as a POSIX shell does: blanks separate, single quotes keep
 * everything, double quotes keep all but `\"`, `\\`, `\$` and `` \` ``, a backslash keeps the next
 * character. Nothing is ever run by a shell, so what only a shell could do is refused instead of
 * being handed to the program as a word: pipes, redirections, `&&`, `;`, `$VARIABLE`.
 */
export function splitWords(text: string): Result<readonly string[]> {
  const words: string[] = [];
  let word: string | undefined;
  let place = 0;
  while (place < text.length) {
    const character = text[place] ?? "";
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      place += 1;
      continue;
    }
    const taken = takePart(text, place);
    if (!taken.ok) return taken;
    word = (word ?? "") + taken.value.text;
    place = taken.value.end;
  }
  if (word !== undefined) words.push(word);
  return words.length === 0 ? failed("the command is empty") : success(words);
}

/** The words as one line that `splitWords` takes apart again in the same way. */
export function joinWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}

type Part = Result<{ readonly text: string; readonly end: number }>;

function takePart(text: string, start: number): Part {
  const character = text[start] ?? "";
  if (character === "'") return takeSingle(text, start);
  if (character === '"') return takeDouble(text, start);
  if (character === "\\") {
    const next = text[start + 1];
    if (next === undefined) return failed("it ends with a backslash");
    // As in a shell, a line that ends with a backslash goes on.
    return success({ text: next === "\n" ? "" : next, end: start + 2 });
  }
  if ("|&;<>()`$".includes(character)) {
    return failed(`"${character}" needs a shell, and commands are run without one`);
  }
  return success({ text: character, end: start + 1 });
}

function takeSingle(text: string, start: number): Part {
  const end = text.indexOf("'", start + 1);
  if (end < 0) return failed("a single quote is not closed");
  return success({ text: text.slice(start + 1, end), end: end + 1 });
}

function takeDouble(text: string, start: number): Part {
  let taken = "";
  for (let place = start + 1; place < text.length; place += 1) {
    const character = text[place] ?? "";
    if (character === '"') return success({ text: taken, end: place + 1 });
    if (character === "$" || character === "`") {
      return failed(`"${character}" needs a shell, and commands are run without one`);
    }
    const next = text[place + 1] ?? "";
    if (character === "\\" && next !== "" && '"\\$`\n'.includes(next)) {
      taken += next === "\n" ? "" : next;
      place += 1;
    } else {
      taken += character;
    }
  }
  return failed("a double quote is not closed");
}
