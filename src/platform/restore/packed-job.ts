/**
 * A job on its way to a thread. What goes from one thread to another is copied value by value, and
 * fifty thousand files with a dozen fields each took longer to copy than their folders to read: so
 * numbers go as rows of one array, and what is the same for many files goes once.
 */
import type { BlobToWrite, FileToWrite, WriteJob } from "../../vault/index.ts";

/** A job as the thread has it. */
export interface ThreadJob extends Omit<WriteJob, "begins"> {
  readonly begins: readonly FileToBegin[];
}

export interface FileToBegin extends Omit<FileToWrite, "node" | "sizeBytes"> {
  /** Its size is that of its content. */
  readonly node: FileToWrite["node"] & Pick<FileToWrite, "sizeBytes">;
}

export interface PackedJob {
  readonly bytes: Uint8Array;
  readonly givesUp: readonly number[];
  readonly folders: readonly string[];
  readonly names: readonly string[];
  /** A row for each file: see `fileRow`. */
  readonly files: Float64Array;
  /** Of the last change and the last access, for each file. */
  readonly times: readonly bigint[];
  /** Of those files that have any, by their place in the job. */
  readonly attributes: ReadonlyMap<number, FileToWrite["node"]["attributes"]>;
  /** 32 bytes each. */
  readonly ids: Uint8Array;
  /** A row for each blob: where it lies, its length and plain length, how many targets it has. */
  readonly blobs: Float64Array;
  /** Of one blob after another: file, offset. */
  readonly targets: Float64Array;
}

const fileColumns = 7;
const blobColumns = 4;
const idBytes = 32;

export function packJob({ begins, blobs, bytes, givesUp }: WriteJob): PackedJob {
  const targetCount = blobs.reduce((sum, { targets }) => sum + targets.length, 0);
  const packed = {
    bytes,
    givesUp,
    folders: [] as string[],
    names: [] as string[],
    files: new Float64Array(begins.length * fileColumns),
    times: [] as bigint[],
    attributes: new Map<number, FileToWrite["node"]["attributes"]>(),
    ids: new Uint8Array(blobs.length * idBytes),
    blobs: new Float64Array(blobs.length * blobColumns),
    targets: new Float64Array(targetCount),
  };
  for (const [row, file] of begins.entries()) {
    const { node, path } = file;
    const slash = path.lastIndexOf("/");
    const folder = slash === -1 ? "" : path.slice(0, slash);
    if (packed.folders.at(-1) !== folder) packed.folders.push(folder);
    packed.names.push(path.slice(slash + 1));
    packed.files.set(fileRow(file, packed.folders.length - 1), row * fileColumns);
    packed.times.push(node.mtimeNs, node.atimeNs);
    if (node.attributes.length > 0) packed.attributes.set(row, node.attributes);
  }
  let end = 0;
  for (const [row, { at, id, length, plainLength, targets }] of blobs.entries()) {
    packed.ids.set(id, row * idBytes);
    packed.blobs.set([at, length, plainLength, targets.length], row * blobColumns);
    packed.targets.set(targets, end);
    end += targets.length;
  }
  return packed;
}

function fileRow({ isThere, node, number, sizeBytes }: FileToWrite, folder: number): number[] {
  return [number, folder, sizeBytes, node.permissions, node.uid, node.gid, isThere ? 1 : 0];
}

export function unpackJob(packed: PackedJob): ThreadJob {
  const begins = packed.names.map((name, row) => unpackFile(packed, name, row));
  const { bytes, givesUp, ids, targets } = packed;
  const blobs: BlobToWrite[] = [];
  let end = 0;
  for (let row = 0; row * idBytes < ids.length; row += 1) {
    const from = row * blobColumns;
    const count = numberAt(packed.blobs, from + 3);
    blobs.push({
      id: ids.subarray(row * idBytes, (row + 1) * idBytes),
      at: numberAt(packed.blobs, from),
      length: numberAt(packed.blobs, from + 1),
      plainLength: numberAt(packed.blobs, from + 2),
      targets: targets.subarray(end, end + count),
    });
    end += count;
  }
  return { begins, bytes, blobs, givesUp };
}

function unpackFile(packed: PackedJob, name: string, row: number): FileToBegin {
  const { attributes, files, folders, times } = packed;
  const from = row * fileColumns;
  const folder = folders[numberAt(files, from + 1)] ?? "";
  return {
    number: numberAt(files, from),
    path: (folder === "" ? name : `${folder}/${name}`) as FileToWrite["path"],
    node: {
      sizeBytes: numberAt(files, from + 2),
      permissions: numberAt(files, from + 3),
      mtimeNs: times[2 * row] ?? 0n,
      atimeNs: times[2 * row + 1] ?? 0n,
      uid: numberAt(files, from + 4),
      gid: numberAt(files, from + 5),
      attributes: attributes.get(row) ?? [],
    },
    isThere: files[from + 6] === 1,
  };
}

function numberAt(numbers: Float64Array, index: number): number {
  return numbers[index] ?? 0;
}
