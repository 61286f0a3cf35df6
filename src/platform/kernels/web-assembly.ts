/**
 * The part of the WebAssembly interface that we use: Node has it, but its types come with those of
 * browsers only.
 */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

declare const WebAssembly: WebAssemblyGlobal;

/** What every module of ours exports. */
export interface ModuleExports {
  readonly memory: { readonly buffer: ArrayBuffer };
}

const compiled = new Map<readonly string[], object>();

/**
 * A fresh instance with a memory of its own.
 *
 * @param base64 of a module, in pieces; it is compiled once in each thread
 */
export function instantiate(base64: readonly string[]): ModuleExports {
  let module = compiled.get(base64);
  if (module === undefined) {
    module = new WebAssembly.Module(Buffer.from(base64.join(""), "base64"));
    compiled.set(base64, module);
  }
  return new WebAssembly.Instance(module).exports as ModuleExports;
}
