/** What a heap snapshot of V8 holds, told apart: what a program keeps, and what V8 has compiled. */
import { readFile } from "node:fs/promises";

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
}

export interface HeapBytes {
  readonly objects: number;
  /** Machine code, bytecode, what it has learned of types, and the shapes of objects. */
  readonly code: number;
}

const codeKinds: ReadonlySet<string> = new Set(["code", "hidden", "object shape"]);

/** Of a file that `v8.writeHeapSnapshot` has written. */
export async function heapBytes(file: string): Promise<HeapBytes> {
  const { snapshot, nodes } = JSON.parse(await readFile(file, "utf8")) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const kindAt = fields.indexOf("type");
  const sizeAt = fields.indexOf("self_size");
  let [objects, code] = [0, 0];
  for (let node = 0; node < nodes.length; node += fields.length) {
    const bytes = nodes[node + sizeAt] ?? 0;
    const kind = types[0][nodes[node + kindAt] ?? 0] ?? "";
    if (codeKinds.has(kind)) code += bytes;
    else objects += bytes;
  }
  return { objects, code };
}
