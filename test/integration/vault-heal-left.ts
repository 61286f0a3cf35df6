/** What people and programs do that is no loss, done for real: cases E of the table. */
import type { Told } from "./heal-scene.ts";

export interface RealCase {
  /** Of the table; with a letter when a case is done in more ways than one. */
  readonly id: string;
  /** Before the snapshot. */
  readonly prepare?: string;
  readonly script: string;
  readonly told?: Told;
  readonly isGit?: boolean;
}

const vim = "vim -N -u NONE -i NONE -es";
const rotated = "rotate 3\n missingok\n nocreate";
const log = "printf 'old line\\n' > production/app.log";

function logrotate(rules: string): string {
  const file = `"$PWD/production/app.log" {\n ${rotated}\n ${rules}\n}\n`;
  return `chmod 755 . production; printf '%s' '${file.replace('"$PWD/', "'\"$PWD\"'/").replace('.log" {', ".log {")}' > ../rotate; logrotate -f -s ../state ../rotate`;
}

const editors: readonly RealCase[] = [
  {
    id: "E1",
    script: `${vim} -c 'set backup writebackup backupcopy=no' -c '%s/one/two/' -c wq production/name; rm -f production/name~`,
  },
  { id: "E2", script: `${vim} -c 'set backupcopy=yes' -c '%s/one/three/' -c wq production/name` },
  { id: "E3", script: "printf new > production/name.x1; mv production/name.x1 production/name" },
  {
    id: "E4",
    prepare: "printf swap > production/.name.swp",
    script: "rm production/.name.swp",
  },
  { id: "E5", prepare: "printf old > production/name~", script: "rm production/name~" },
  { id: "E6", script: "sed -i s/one/two/ production/name" },
  { id: "E7", script: "perl -i -pe s/one/two/ .hidden/name" },
];

const gits: readonly RealCase[] = [
  {
    id: "E8",
    prepare:
      "git checkout -q -b other; git rm -q production/config; git commit -qm b; git checkout -q main",
    script: "git checkout -q other",
  },
  {
    id: "E9",
    prepare:
      "git checkout -q -b other; git rm -q production/config; git commit -qm b; git checkout -q main",
    script: "git merge -q other",
  },
  {
    id: "E10",
    prepare:
      "git checkout -q -b other; git rm -q production/config; printf x > plain/name; git commit -qam b; git checkout -q -b topic main; printf y > plain/name; git commit -qam c",
    script: "git rebase other || true",
  },
  {
    id: "E11",
    prepare: "printf new > production/added; git add production/added",
    script: "git stash -q",
  },
  { id: "E12", prepare: "printf new > production/unknown", script: "git stash -q -u" },
  {
    id: "E13",
    prepare: "printf new > production/added; git add production/added",
    script: "git reset -q --hard",
  },
  { id: "E14", script: "git rm -q production/config" },
  { id: "E15", script: "git sparse-checkout set plain" },
  {
    id: "E17",
    prepare:
      "mkdir production/many; for i in $(seq 40); do printf $i > production/many/$i; done; git add .; git commit -qm many; git checkout -q -b other; for i in $(seq 40); do printf other$i > production/many/$i; done; git commit -qam b; git checkout -q main",
    script: "git checkout -q other",
  },
  {
    id: "E16",
    prepare: "printf edit > production/name",
    script: "git checkout -q -- production/name",
  },
  { id: "E18", prepare: "printf x > plain/untracked", script: "git clean -fdq plain" },
  {
    id: "E19",
    prepare: "printf x > plain/name; git commit -qam b",
    script: "git gc -q --prune=now",
  },
  { id: "E20", prepare: "git branch done", script: "git branch -q -D done" },
];

const copies: readonly RealCase[] = [
  {
    id: "E21",
    prepare:
      'mkdir production/app plain/pkg; printf \'{"name":"pkg","version":"1.0.0"}\' > plain/pkg/package.json; printf \'{"name":"app","version":"1.0.0"}\' > production/app/package.json; cd production/app; npm install --offline --no-audit --no-fund',
    script: "cd production/app; npm install --offline --no-audit --no-fund ../../plain/pkg",
  },
  {
    id: "E22",
    prepare:
      'mkdir production/app; printf \'{"name":"app","version":"1.0.0"}\' > production/app/package.json; cd production/app; npm install --offline --no-audit --no-fund; mkdir -p node_modules/gone; printf x > node_modules/gone/index.js',
    script: "cd production/app; npm ci --offline --no-audit --no-fund",
  },
  {
    id: "E23",
    prepare: "mkdir ../from; printf newer > ../from/name; touch -d 2020-01-01 ../from/name",
    script: "rsync -t ../from/name production/name",
  },
  { id: "E24", prepare: "mkdir ../from", script: "rsync -r --delete ../from/ plain/" },
  {
    id: "E25",
    prepare: "printf part > production/.name.Xx12yZ",
    script: "rm production/.name.Xx12yZ",
  },
  {
    id: "E26",
    prepare: "printf older > ../older; touch -d 2001-01-01 ../older",
    script: "cp -p ../older production/name",
  },
  {
    id: "E27",
    prepare: "printf newer > ../newer",
    script: "install -m 600 ../newer production/name",
  },
  { id: "E28", prepare: log, script: logrotate("create 644") },
  {
    id: "E29",
    prepare: log,
    script: `printf 'new line\\n' >> production/app.log; ${logrotate("copytruncate")}`,
  },
  { id: "E30", prepare: log, script: logrotate("copytruncate\n compress") },
  {
    id: "E39",
    prepare:
      "printf older > name; mkdir production/t; mv name production/t/name; tar cf ../a.tar production/t; printf newer > production/t/name",
    script: "tar xf ../a.tar",
  },
  {
    id: "E40",
    prepare: "zip -q ../a.zip production/name; printf newer > production/name",
    script: "unzip -qo ../a.zip",
  },
  {
    id: "E50",
    prepare:
      "mkdir -p ../deb/DEBIAN ../deb/production ../admin/info ../admin/updates ../admin/triggers; : > ../admin/status; : > ../admin/available; printf 'Package: x\\nVersion: 2\\nArchitecture: all\\nMaintainer: x <x@localhost>\\nDescription: x\\n' > ../deb/DEBIAN/control; printf packed > ../deb/production/name; dpkg-deb -b ../deb ../x.deb",
    script:
      'dpkg --force-not-root --force-bad-path --instdir="$PWD" --admindir="$PWD/../admin" --log=/dev/null --unpack ../x.deb',
  },
];

const writes: readonly RealCase[] = [
  { id: "E31", script: "truncate -s 3 production/name" },
  { id: "E32", script: ": > plain/name" },
  {
    id: "E34",
    script:
      "cp -p production/name ../was; printf X | dd of=production/name conv=notrunc status=none; touch -r ../was production/name",
  },
  { id: "E35", script: "mv production/name production/name2" },
  { id: "E35 to another folder", script: "mv production/name plain/name2" },
  { id: "E36", script: "mv production/name production/name2; printf more >> production/name2" },
  { id: "E37", script: "mv production/deep production/deeper" },
  { id: "E37 of all", script: "mv production production-old; mkdir production" },
  { id: "E38", script: "mv plain/name ../name" },
  { id: "E41", script: "touch -d 1999-01-01 production/name" },
  { id: "E42", script: "chmod 400 production/name; setfattr -n user.x -v 1 production/config" },
  { id: "E47", script: "printf more >> production/name" },
  { id: "E48", script: "ln -sf config production/name" },
  {
    id: "E49",
    prepare: "mkdir releases; cp -a production/deep releases/2",
    script: "rm -rf production/deep; ln -s ../releases/2 production/deep",
  },
  { id: "E52", prepare: "printf 1 > .hidden/name.pid", script: "rm .hidden/name.pid" },
  { id: "E53", script: "rm production/name", told: { isAccepted: true } },
  { id: "E54", script: "rm -rf .hidden/deep", told: { isAccepted: true } },
  { id: "E56", prepare: ": > production/empty", script: "touch production/empty" },
];

const sqlite = "sqlite3 production/data.db";
const databases: readonly RealCase[] = [
  {
    id: "E43",
    prepare: `${sqlite} 'create table t(a); insert into t values(1)'`,
    script: `${sqlite} 'insert into t values(2)'`,
  },
  {
    id: "E44",
    prepare: `${sqlite} 'create table t(a)'; ${sqlite} 'pragma journal_mode=wal; insert into t values(1)'; printf frames > production/data.db-wal`,
    script: ": > production/data.db-wal",
  },
  {
    id: "E45",
    prepare: `${sqlite} 'pragma journal_mode=wal; create table t(a)'; cp production/data.db production/k; printf x > production/data.db-wal; printf x > production/data.db-shm`,
    script: `${sqlite} 'insert into t values(1)'; rm -f production/data.db-wal production/data.db-shm`,
  },
  {
    id: "E46",
    prepare: `${sqlite} 'create table t(a)'; printf '' > production/data.db-journal; head -c 600 /dev/zero > production/data.db-journal`,
    script: `${sqlite} 'insert into t values(1)'; rm -f production/data.db-journal`,
  },
];

export const leftCases: readonly RealCase[] = [
  ...editors,
  ...gits.map((each) => ({ ...each, isGit: true })),
  ...copies,
  ...writes,
  ...databases,
];
