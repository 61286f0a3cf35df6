/** Every folder that others enter has a door, and the door says what is behind it. */
import { folderOf } from "./places.ts";
import type { Rule, SourceFile } from "./source.ts";

const paragraphCharacters = 80;

/** Nobody imports these; the process entry opens with the paragraph instead. */
const entries: Readonly<Record<string, string>> = {
  "src/cli": "src/cli/main.ts",
  "src/daemon": "src/daemon/main.ts",
};

export const doorRule: Rule = {
  name: "doors",
  check: (tree) => {
    const files = new Map(tree.map((file) => [file.path, file]));
    const folders = new Set(tree.flatMap((file) => foldersWithDoor(file)));
    return [...folders].flatMap((folder) => {
      const index = `${folder}/index.ts`;
      const entry = entries[folder];
      const door = files.get(index) ?? (entry === undefined ? undefined : files.get(entry));
      if (door === undefined) {
        return [{ path: index, message: "is missing: a folder's index.ts is its only door" }];
      }
      if (opening(door).length >= paragraphCharacters) return [];
      const message =
        "does not open with a paragraph: say what the folder is for and what it leaves to others";
      return [{ path: door.path, line: 1, message }];
    });
  },
};

/** The ranked folders, and one folder for each technology of targets/ and platform/. */
function foldersWithDoor(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path);
  if (folder === undefined) return [];
  const technology = /^src\/(?:targets|platform)\/[^/]+(?=\/)/.exec(file.path)?.[0];
  return technology === undefined ? [`src/${folder}`] : [`src/${folder}`, technology];
}

function opening(file: SourceFile): string {
  const comment = /^\s*(?:\/\*[\s\S]*?\*\/|(?:\/\/[^\n]*\n)+)/.exec(file.text)?.[0] ?? "";
  return comment.replaceAll(/[/*\s]+/g, " ").trim();
}
