/** The paths of a snapshot, one after another, for people and programs: `ls`. */
import { formatTime } from "../format/rfc3339.ts";
import type { TreeNode } from "../format/tree-node.ts";
import { type RawPath, rawPathOfText, textOfRawPath } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";
import type { Parts } from "../restore/parts.ts";
import { walkSnapshot } from "./walk-snapshot.ts";

export type ListedPath =
  | { readonly kind: "name"; readonly path: RawPath; readonly node: TreeNode }
  | { readonly kind: "damaged"; readonly path: RawPath; readonly reason: string };

export interface ListOptions {
  /** Id of the root tree. */
  readonly tree: string;
  readonly parts: Parts;
}

export async function* listPaths(
  session: Session,
  { parts, tree }: ListOptions,
): AsyncGenerator<ListedPath> {
  for await (const step of walkSnapshot(session, { tree, enters: parts.mayHold })) {
    if (step.kind === "damaged") yield step;
    else if (parts.holds(step.path)) yield { kind: "name", path: step.path, node: step.node };
  }
}

/** A line of JSON without its newline. `rawPath` is there when the path is no text: in base64. */
export function jsonOfListed(listed: ListedPath): string {
  const names = namesOf(listed.path);
  if (listed.kind === "damaged") return JSON.stringify({ ...names, damaged: listed.reason });
  const { node } = listed;
  return JSON.stringify({
    ...names,
    type: node.kind,
    mode: node.permissions.toString(8).padStart(4, "0"),
    uid: node.uid,
    gid: node.gid,
    user: node.user,
    group: node.group,
    size: node.kind === "file" ? node.sizeBytes : undefined,
    mtimeNs: String(node.mtimeNs),
    target: node.kind === "symlink" ? textOfRawPath(node.target) : undefined,
  });
}

function namesOf(path: RawPath): { readonly path: string; readonly rawPath?: string } {
  const text = textOfRawPath(path);
  return rawPathOfText(text) === path ? { path: text } : { path: text, rawPath: btoa(path) };
}

const kindLetters = { file: "-", dir: "d", symlink: "l", dev: "b", chardev: "c", fifo: "p" };

/** As `ls -l` writes it, but with the time in UTC to the second. */
export function longLineOf(
  path: RawPath,
  node: TreeNode,
  shown: (path: RawPath) => string = textOfRawPath,
): string {
  const size = node.kind === "file" ? String(node.sizeBytes) : "-";
  const time = formatTime(node.mtimeNs).slice(0, 19);
  const target = node.kind === "symlink" ? ` -> ${shown(node.target)}` : "";
  const owner = `${node.user || node.uid} ${node.group || node.gid}`;
  const mode = kindLetters[node.kind] + lettersOf(node.permissions);
  return `${mode} ${owner} ${size.padStart(12)} ${time} ${shown(path)}${target}`;
}

function lettersOf(permissions: number): string {
  const letters = Array.from("rwxrwxrwx", (letter, at) =>
    permissions & (0o400 >> at) ? letter : "-",
  );
  const marks = [
    { bit: 0o4000, at: 2, letter: "s" },
    { bit: 0o2000, at: 5, letter: "s" },
    { bit: 0o1000, at: 8, letter: "t" },
  ];
  for (const { at, bit, letter } of marks) {
    if (permissions & bit) letters[at] = letters[at] === "x" ? letter : letter.toUpperCase();
  }
  return letters.join("");
}
