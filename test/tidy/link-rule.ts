/** Links of pages lead to a page that is there, and to a heading that it has. */
import path from "node:path";
import { lineAt, type Rule, type SourceFile, type Violation } from "./source.ts";

const link = /\]\((?<page>[^)#\s:]*\.md)?(?:#(?<heading>[^)\s]+))?\)/g;

export const linkRule: Rule = {
  name: "links",
  check: (tree) => {
    const pages = tree.filter((file) => file.path.endsWith(".md"));
    const headings = new Map(pages.map((page) => [page.path, headingsOf(page)]));
    return pages.flatMap((page) => brokenOf(page, headings));
  },
};

function brokenOf(
  page: SourceFile,
  headings: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Violation[] {
  return [...page.text.matchAll(link)].flatMap((found) => {
    const { page: name, heading } = found.groups ?? {};
    const target = name === undefined ? page.path : path.posix.join(page.path, "..", name);
    const known = headings.get(target);
    const missing = known === undefined ? `no page ${target}` : `no heading #${heading ?? ""}`;
    if (known !== undefined && (heading === undefined || known.has(heading))) return [];
    const line = lineAt(page, found.index);
    return [{ path: page.path, line, message: `links to ${found[0].slice(2, -1)}: ${missing}` }];
  });
}

/** As they are written in addresses: lower case, without signs, with dashes for spaces. */
function headingsOf({ text }: SourceFile): ReadonlySet<string> {
  const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title);
  return new Set(
    titles.map((title) =>
      title
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
