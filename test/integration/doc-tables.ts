/** Tables of a page, and the options that readers know: each is held to the other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkOptions, type OptionReader, SoulMirrorError } from "../../src/kernel/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export type Row = Readonly<Record<string, string>>;

/** The rows of all tables below the heading, each cell under the name of its column. */
export function rowsBelow(page: string, heading: string): readonly Row[] {
  const text = readFileSync(join(root, page), "utf8");
  const [, below = ""] = text.split(`\n${heading}\n`);
  const end = below.search(/^#{1,6} /m);
  const blocks = (end < 0 ? below : below.slice(0, end)).split("\n\n");
  return blocks.flatMap((block) => {
    const [head = "", , ...lines] = block
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("|"));
    const columns = cellsOf(head);
    return lines.map((line) => {
      const cells = cellsOf(line);
      return Object.fromEntries(columns.map((column, place) => [column, cells[place] ?? ""]));
    });
  });
}

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** A cell that is one piece of code, or empty. */
export function code(cell: string | undefined): string | undefined {
  return /^`([^`]+)`$/.exec(cell ?? "")?.[1];
}

/** The options that it knows, as it tells them to whoever hands in something else. */
export function keysKnownTo(ask: () => unknown): readonly string[] {
  const { fix } = refusalOf(ask);
  const [, words] = /use some of: (.*)$/.exec(fix) ?? [];
  return words?.split(", ") ?? [];
}

export function keysOf(reader: OptionReader<unknown>): readonly string[] {
  return keysKnownTo(() => checkOptions("test", [], reader));
}

export function refusalOf(ask: () => unknown): { readonly message: string; readonly fix: string } {
  try {
    ask();
  } catch (error) {
    if (!(error instanceof SoulMirrorError)) throw error;
    return { message: error.message, fix: error.fix ?? "" };
  }
  return { message: "", fix: "" };
}
