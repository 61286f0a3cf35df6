/**
 * Trees as Python makes and sees them: it has calls for all that Node lacks (attributes,
 * nanoseconds, pipes), so that nothing is judged by the code that is tested.
 */

import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";

export interface Planted {
  /** Relative to the root; its folder is planted before it. */
  readonly path: Uint8Array;
  readonly kind: "file" | "dir" | "symlink" | "fifo" | "hard" | "chardev" | "dev";
  readonly mode: number;
  readonly timeNs: bigint;
  readonly content: Uint8Array;
  /** By their full names, as `user.a`. */
  readonly attributes: Readonly<Record<string, string>>;
}

const plantText = `
import json, os, sys
root, first, later, names = os.fsencode(sys.argv[1]), None, [], set()
for each in json.load(sys.stdin):
    path = root + b"/" + bytes.fromhex(each["path"])
    if os.path.lexists(path) or not os.path.isdir(os.path.dirname(path)): continue
    kind, content = each["kind"], bytes.fromhex(each["content"])
    if kind == "dir": os.mkdir(path)
    elif kind == "symlink": os.symlink(content.replace(b"\\0", b"_") or b"x", path)
    elif kind == "fifo": os.mkfifo(path)
    elif kind == "chardev": os.mknod(path, 0o020600, os.makedev(1, 3))
    elif kind == "dev": os.mknod(path, 0o060600, os.makedev(259, 70000))
    elif kind == "hard" and first: os.link(first, path); continue
    else:
        with open(path, "wb") as file: file.write(content)
        first = first or path
    if kind in ("dir", "file"):
        for name, value in each["attributes"].items():
            os.setxattr(path, name.encode(), value.encode(), follow_symlinks=False)
    later.append((path, each))
for path, each in reversed(later):
    os.utime(path, ns=(each["time"], each["time"]), follow_symlinks=False)
    if each["kind"] != "symlink": os.chmod(path, each["mode"])
`;

const seeText = `
import hashlib, json, os, stat, sys
root, facts, inodes = os.fsencode(sys.argv[1]), [], {}
for folder, folders, files in os.walk(root):
    for name in folders + files:
        path = os.path.join(folder, name); seen = os.lstat(path)
        below = path[len(root) + 1:].hex()
        fact = {"path": below, "mode": oct(seen.st_mode), "owner": [seen.st_uid, seen.st_gid],
            "time": str(seen.st_mtime_ns), "links": seen.st_nlink, "device": seen.st_rdev,
            "attributes": {each: os.getxattr(path, each, follow_symlinks=False).hex()
                for each in os.listxattr(path, follow_symlinks=False)}}
        if stat.S_ISLNK(seen.st_mode): fact["target"] = os.readlink(path).hex()
        if stat.S_ISREG(seen.st_mode):
            with open(path, "rb") as file: content = file.read()
            fact["content"] = hashlib.sha256(content).hexdigest()
            fact["first"] = inodes.setdefault(seen.st_ino, below) if seen.st_nlink > 1 else ""
        facts.append(fact)
print(json.dumps(sorted(facts, key=lambda fact: fact["path"])))
`;

export function plantTree(root: string, planted: readonly Planted[]): void {
  // Python's JSON takes integers of any size; ours cannot write them.
  const input = `[${planted
    .map(({ path, content, timeNs, ...rest }) => {
      const hex = { path: hexOf(path), content: hexOf(content) };
      return JSON.stringify({ ...hex, ...rest }).replace(/^\{/, `{"time":${timeNs},`);
    })
    .join(",")}]`;
  python(plantText, root, input);
}

/** All that a restore has to give back, one object a name, in a fixed order. */
export function seeTree(root: string): readonly Record<string, unknown>[] {
  return JSON.parse(python(seeText, root, "")) as Record<string, unknown>[];
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function python(text: string, root: string, input: string): string {
  const end = spawnSync("python3", ["-I", "-S", "-c", text, root], {
    input,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (end.status !== 0) throw new Error(`python3: ${String(end.stderr)}`);
  return String(end.stdout);
}
