/**
 * Trees as restic writes them: one JSON object a folder, fields in the order of its `Node`.
 *
 * T1. What is encoded here is, byte for byte, what restic 0.14 writes for the same nodes in UTC.
 * T2. Nodes are in the order of their names' bytes, and no name is there twice.
 * T3. A name that could leave its folder (`/`, `..`, NUL, empty) is damage, wherever it comes from.
 *
 * Source of the format: restic's doc/design.rst, and the trees that restic writes.
 */
import { Buffer } from "node:buffer";
import { isFileId } from "../location.ts";
import type { RawPath } from "../raw-path.ts";
import { rawPathOfBytes, rawPathOfText, textOfRawPath } from "../raw-path.ts";
import { Damage } from "./damage.ts";
import { goString } from "./go-json.ts";
import { quoteName, unquoteName } from "./quoted-name.ts";
import { formatTime, parseTime } from "./rfc3339.ts";
import type { ExtendedAttribute, NodeBase, Tree, TreeNode } from "./tree-node.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Bits of Go's `os.FileMode` beside the nine of the permissions. */
const modes = {
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  fifo: 2 ** 25,
  chardev: 2 ** 26 + 2 ** 21,
  file: 0,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  sticky: 2 ** 20,
} as const;

export function encodeTree(tree: Tree): Uint8Array {
  return encoder.encode(`{"nodes":[${tree.nodes.map(encodeNode).join(",")}]}\n`);
}

function encodeNode(node: TreeNode): string {
  return (
    `{"name":${goString(quoteName(node.name))},"type":"${node.kind}"` +
    `${present("mode", goMode(node))},"mtime":"${formatTime(node.mtimeNs)}"` +
    `,"atime":"${formatTime(node.atimeNs)}","ctime":"${formatTime(node.ctimeNs)}"` +
    `,"uid":${node.uid},"gid":${node.gid}${presentText("user", node.user)}` +
    `${presentText("group", node.group)}${present("inode", node.inode)}` +
    `${present("device_id", node.deviceId)}${encodeOwn(node)}}`
  );
}

function encodeOwn(node: TreeNode): string {
  const links = present("links", node.links);
  const attributes = encodeAttributes(node.attributes);
  switch (node.kind) {
    case "file": {
      const content = node.content.map((id) => `"${id}"`).join(",");
      return `${present("size", node.sizeBytes)}${links}${attributes},"content":[${content}]`;
    }
    case "dir":
      return `${attributes},"content":null,"subtree":"${node.subtree}"`;
    case "symlink":
      return `${links}${encodeTarget(node.target)}${attributes},"content":null`;
    case "dev":
    case "chardev":
      return `${links}${attributes}${present("device", node.device)},"content":null`;
    case "fifo":
      return `${attributes},"content":null`;
  }
}

function encodeTarget(target: RawPath): string {
  const text = textOfRawPath(target);
  const isText = rawPathOfText(text) === target;
  const raw = isText
    ? ""
    : `,"linktarget_raw":"${Buffer.from(target, "latin1").toString("base64")}"`;
  return presentText("linktarget", text) + raw;
}

function encodeAttributes(attributes: readonly ExtendedAttribute[]): string {
  if (attributes.length === 0) return "";
  const each = attributes.map(({ name, value }) => {
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
    return `{"name":${goString(name)},"value":"${text}"}`;
  });
  return `,"extended_attributes":[${each.join(",")}]`;
}

/** Go leaves out what is zero. */
function present(name: string, value: number | bigint): string {
  return value === 0 || value === 0n ? "" : `,"${name}":${value}`;
}

function presentText(name: string, value: string): string {
  return value === "" ? "" : `,"${name}":${goString(value)}`;
}

function goMode({ permissions, kind }: TreeNode): number {
  let mode = (permissions & 0o777) + modes[kind];
  if (permissions & 0o4000) mode += modes.setuid;
  if (permissions & 0o2000) mode += modes.setgid;
  if (permissions & 0o1000) mode += modes.sticky;
  return mode;
}

function permissionsOf(goMode: number): number {
  const has = (bit: number): boolean => Math.floor(goMode / bit) % 2 === 1;
  return (
    (goMode % 0o1000) +
    (has(modes.setuid) ? 0o4000 : 0) +
    (has(modes.setgid) ? 0o2000 : 0) +
    (has(modes.sticky) ? 0o1000 : 0)
  );
}

/** What JSON gives back; nothing is believed of it. */
type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

/**
 * Sockets and kinds that came after this version are left out: nothing could be restored of them.
 *
 * @throws Damage
 */
export function decodeTree(bytes: Uint8Array): Tree {
  const parsed = parseExactly(bytes);
  const list = (parsed as Json | null)?.["nodes"];
  if (list === null) return { nodes: [] };
  if (!Array.isArray(list)) throw new Damage("a tree without nodes");
  const nodes: TreeNode[] = [];
  let last = "";
  for (const each of list) {
    if (!isObject(each)) throw new Damage("a tree with a node that is none");
    const node = decodeNode(each);
    if (node === undefined) continue;
    if (node.name <= last) throw new Damage(`a tree whose names are not in order: ${node.name}`);
    last = node.name;
    nodes.push(node);
  }
  return { nodes };
}

/** Numbers of more digits than a double holds come back as text. */
function parseExactly(bytes: Uint8Array): unknown {
  try {
    const text = decoder.decode(bytes);
    return JSON.parse(
      text.replaceAll(/"(inode|device_id|device)":(\d{16,20})(?=[,}])/g, '"$1":"$2"'),
    );
  } catch (error) {
    throw new Damage("a tree that is not JSON", { cause: error });
  }
}

/** Fields are read where their names are known: fifty thousand nodes have a dozen each. */
function decodeNode(json: Json): TreeNode | undefined {
  const kind = json["type"];
  switch (kind) {
    case "file":
      return {
        ...decodeBase(json),
        kind,
        sizeBytes: numberOf(json["size"], "size"),
        content: contentOf(json),
      };
    case "dir":
      return { ...decodeBase(json), kind, subtree: idOf(json["subtree"]) };
    case "symlink":
      return { ...decodeBase(json), kind, target: targetOf(json) };
    case "dev":
    case "chardev":
      return { ...decodeBase(json), kind, device: bigOf(json["device"], "device") };
    case "fifo":
      return { ...decodeBase(json), kind };
    default:
      return undefined;
  }
}

function decodeBase(json: Json): NodeBase {
  const { atime = "", ctime = "", mtime = "" } = json;
  const mtimeNs = parseTime(textOf(mtime, "mtime"));
  return {
    name: nameOf(json),
    permissions: permissionsOf(numberOf(json["mode"], "mode")),
    mtimeNs,
    ctimeNs: parseTime(textOf(ctime, "ctime")),
    // A backup writes them as the same, and a time takes longer to read than all else of a node.
    atimeNs: atime === mtime ? mtimeNs : parseTime(textOf(atime, "atime")),
    uid: numberOf(json["uid"], "uid"),
    gid: numberOf(json["gid"], "gid"),
    user: textOf(json["user"], "user"),
    group: textOf(json["group"], "group"),
    inode: bigOf(json["inode"], "inode"),
    deviceId: bigOf(json["device_id"], "device_id"),
    links: numberOf(json["links"], "links"),
    attributes: attributesOf(json),
  };
}

function nameOf(json: Json): RawPath {
  const name = unquoteName(textOf(json["name"], "name"));
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw new Damage(`a tree with the name ${JSON.stringify(name)}, which cannot be in a folder`);
  }
  return name;
}

function targetOf(json: Json): RawPath {
  const raw = json["linktarget_raw"];
  return typeof raw === "string"
    ? rawPathOfBytes(Buffer.from(raw, "base64"))
    : rawPathOfText(textOf(json["linktarget"], "linktarget"));
}

function contentOf(json: Json): readonly string[] {
  const content = json["content"] ?? [];
  if (!Array.isArray(content)) throw new Damage("a file whose content is not a list");
  return content.map(idOf);
}

const noAttributes: readonly ExtendedAttribute[] = [];

function attributesOf(json: Json): readonly ExtendedAttribute[] {
  const list = json["extended_attributes"] ?? noAttributes;
  if (!Array.isArray(list)) throw new Damage("attributes that are not a list");
  if (list.length === 0) return noAttributes;
  return list.map((each: unknown) => {
    if (!isObject(each)) throw new Damage("an attribute that is none");
    const value = Buffer.from(textOf(each["value"], "value"), "base64");
    return { name: textOf(each["name"], "name"), value };
  });
}

function idOf(value: unknown): string {
  if (typeof value === "string" && isFileId(value)) return value;
  throw new Damage(`${JSON.stringify(value)} in a tree is not the id of a blob`);
}

function textOf(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  throw new Damage(`${field} in a tree is not text`);
}

function numberOf(value: unknown, field: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  if (value === undefined || value === null) return 0;
  throw new Damage(`${field} in a tree is ${JSON.stringify(value)}, not a count`);
}

function bigOf(value: unknown, field: string): bigint {
  return typeof value === "string" && /^\d+$/.test(value)
    ? BigInt(value)
    : BigInt(numberOf(value, field));
}
