/** What must stand in no file at all, code or not: it is true on one machine or on one day only. */
import { lineAt, type Rule } from "./source.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly message: string;
}

// Each pattern is written so that it does not match its own source text.
const bans: readonly Ban[] = [
  {
    pattern:
      /\b(?:registry|artifactory|nexus|verdaccio)(?:\.[a-z0-9-]+)*\.(?:org|com|net|io|dev|local)\b/,
    message: "names a package registry; where packages come from is each machine's own business",
  },
  {
    pattern: /\b(?:yarnpkg|npmmirror|npm\.pkg\.github)\.com\b/,
    message: "names a package registry; where packages come from is each machine's own business",
  },
  {
    pattern: /"resolved": "(?:https?|git)/,
    message: "pins a download address; .npmrc keeps them out of the lock file, keep it that way",
  },
  {
    pattern:
      /(?<![\w.:/-])\/(?:work|farm|root|mnt\/[a-z]|Users\/\w+|home\/(?!user\b|app\b|alice\b)\w+)\//,
    message: "names a path of one machine; use a relative path or a temporary folder",
  },
  {
    pattern: /\b(?:TO[D]O|FIX[M]E)\b/,
    message: "notes something unfinished; finish it, or write the limit down where users read it",
  },
];

export const textRule: Rule = {
  name: "texts",
  check: (tree) =>
    tree.flatMap((file) =>
      bans.flatMap(({ pattern, message }) => {
        const found = pattern.exec(file.text);
        if (found === null) return [];
        return [
          { path: file.path, line: lineAt(file, found.index), message: `"${found[0]}" ${message}` },
        ];
      }),
    ),
};
