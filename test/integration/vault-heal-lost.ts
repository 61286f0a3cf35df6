/**
 * What is lost, done for real: cases L of the table, with the paths that are healed or asked about.
 */
import type { RealCase } from "./vault-heal-left.ts";

export interface LostCase extends RealCase {
  /** By path: the verdict and its rule. All other paths that changed are left. */
  readonly verdicts: Readonly<Record<string, string>>;
}

const name = { "production/name": "heal H18" };
const deep = {
  "production/deep": "heal H18",
  "production/deep/a": "heal H18",
  "production/deep/b": "heal H18",
};
const hidden = { ".hidden/deep": "heal H18", ".hidden/deep/x": "heal H18" };
const many =
  'mkdir production/many; for i in $(seq 40); do printf "text $i" > production/many/$i; done';
const manyPaths = Array.from({ length: 40 }, (_, index) => `production/many/${index + 1}`);

function all(paths: readonly string[], told: string): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.map((path) => [path, told]));
}

const removals: readonly LostCase[] = [
  { id: "L1", script: "rm production/name", verdicts: name },
  { id: "L2", script: "rm -rf .hidden/deep", verdicts: hidden },
  { id: "L3", script: "find production -name name -delete", verdicts: name },
  { id: "L5 by truncate", script: "truncate -s 0 production/name", verdicts: name },
  { id: "L5 by the shell", script: ": > production/name", verdicts: name },
  {
    id: "L6",
    script: 'head -c "$(stat -c %s production/name)" /dev/zero > production/name',
    verdicts: name,
  },
  {
    id: "L7",
    script: "rm -rf production/deep/*",
    verdicts: { "production/deep/a": "heal H18", "production/deep/b": "heal H18" },
  },
  {
    id: "L8",
    script: "rm -rf production/deep; mkdir production/deep",
    verdicts: { "production/deep/a": "heal H18", "production/deep/b": "heal H18" },
  },
  {
    id: "L9",
    prepare: "mkdir production/empty",
    script: "rmdir production/empty",
    verdicts: { "production/empty": "heal H18" },
  },
  { id: "L10", script: "mv production/deep /var/tmp/$$ && rm -rf /var/tmp/$$", verdicts: deep },
  { id: "L11", script: "perl -e 'unlink glob \"production/na*\"'", verdicts: name },
  {
    id: "L12",
    prepare: "mkdir ../wrong; cp -a production/name production/config ../wrong/",
    script: "rsync -a --delete ../wrong/ production/",
    verdicts: deep,
  },
  {
    id: "L30",
    prepare: many,
    script: "cd production/many; for i in *; do gzip -c $i > $i.locked; rm $i; done",
    verdicts: all(manyPaths, "heal H18 suspect"),
  },
  {
    id: "L31",
    prepare: many,
    script: "rm -rf production/many",
    verdicts: { ...all(manyPaths, "heal H18 suspect"), "production/many": "heal H18 suspect" },
  },
  {
    id: "L36",
    script: "rm production/name; for i in 1 2 3 4 5 6 7 8; do printf x > plain/new$i; done",
    verdicts: name,
  },
  {
    id: "L37",
    prepare: "ln production/name production/twin",
    script: "rm production/name",
    verdicts: name,
  },
  {
    id: "L48",
    prepare: "ln -s name production/link; mkfifo production/pipe",
    script: "rm production/link production/pipe",
    verdicts: { "production/link": "heal H18", "production/pipe": "heal H18" },
  },
  {
    id: "L49",
    prepare: "printf lock > production/yarn.lock",
    script: "rm production/yarn.lock",
    told: { heldMs: 1000 },
    verdicts: { "production/yarn.lock": "heal H18" },
  },
  {
    id: "L50",
    prepare: "printf copy > production/name.20261120",
    script: "rm production/name.20261120",
    verdicts: { "production/name.20261120": "heal H18" },
  },
  {
    id: "L54",
    script: "printf other > production/name.1; : > production/name",
    verdicts: name,
  },
  { id: "L33", script: "rm production/name", told: { recentHeals: 2 }, verdicts: name },
];

const protectedTree = ["production", "production/name", "production/config", ...Object.keys(deep)];
const hiddenTree = [".hidden", ".hidden/name", ".hidden/deep", ".hidden/deep/x"];

const gitCases: readonly LostCase[] = [
  {
    id: "L17",
    script: "rm -rf production .git",
    verdicts: all([...protectedTree, ".git"], "heal H18 suspect"),
  },
  {
    id: "L13",
    script: "git clean -fdxq .hidden",
    verdicts: { ...hidden, ".hidden": "heal H18", ".hidden/name": "heal H18" },
  },
  {
    id: "L14",
    prepare:
      "git checkout -q -b other; git rm -q production/config; git commit -qm b; git checkout -q main",
    script: "git checkout -q other; rm -rf .hidden/deep",
    verdicts: hidden,
  },
  { id: "L15", script: "rm production/config", verdicts: { "production/config": "heal H18" } },
  {
    id: "L16",
    prepare:
      "git checkout -q -b other; printf x > plain/name; git commit -qam b; git checkout -q main",
    script: "rm production/config; git checkout -q other",
    verdicts: { "production/config": "heal H18" },
  },
  {
    id: "L18",
    script: "rm -f \".git/objects/$(git rev-parse HEAD:production/config | sed 's|^..|&/|')\"",
    verdicts: { ".git": "heal H18" },
  },
  {
    id: "L47",
    script: ": > .git/index.lock; rm production/config",
    told: { waitedMs: 60_000 },
    verdicts: { "production/config": "heal H18" },
  },
];

const sqlite =
  "sqlite3 production/data.db 'create table t(a)'; printf frames > production/data.db-wal";
const asked: readonly LostCase[] = [
  {
    id: "L45",
    script: 'mv "$PWD" "$PWD-renamed"',
    verdicts: all([...protectedTree, ...hiddenTree, "evidence", "evidence/report"], "ask H10"),
  },
  {
    id: "L28",
    prepare: many,
    script: "for i in production/many/*; do printf sealed-$i > $i; done",
    verdicts: { ...all(manyPaths, "ask H8 suspect") },
  },
  {
    id: "L29",
    prepare: many,
    script: "for i in production/many/*; do printf sealed-$i > $i; mv $i $i.locked; done",
    verdicts: { ...all(manyPaths, "ask H8 suspect"), "production/many": "ask H8 suspect" },
  },
  {
    id: "L32",
    script: "rm production/name",
    told: { recentHeals: 3 },
    verdicts: { "production/name": "ask H16 suspect" },
  },
  {
    id: "L38",
    prepare: sqlite,
    script: "rm production/data.db",
    verdicts: { "production/data.db": "ask H17" },
  },
  {
    id: "L39, L40",
    prepare: sqlite,
    script: "rm production/data.db production/data.db-wal",
    verdicts: { "production/data.db": "heal H18", "production/data.db-wal": "heal H18" },
  },
  {
    id: "L56",
    prepare: "printf 'three years of entries' > production/name-journal",
    script: "rm production/name-journal",
    verdicts: { "production/name-journal": "heal H18" },
  },
  { id: "L41", script: "rm evidence/report", verdicts: { "evidence/report": "ask H19" } },
  { id: "L42", script: ": > evidence/report", verdicts: { "evidence/report": "ask H19" } },
  {
    id: "L43",
    script: "ln -sf nowhere production/name",
    verdicts: { "production/name": "ask H20" },
  },
  {
    id: "L44",
    script: "rm -r production/deep; printf x > production/deep",
    verdicts: { "production/deep/a": "ask H11", "production/deep/b": "ask H11" },
  },
];

export const lostCases: readonly LostCase[] = [
  ...removals,
  ...gitCases.map((each) => ({ ...each, isGit: true })),
  ...asked,
];
