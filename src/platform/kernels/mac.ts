/**
 * Poly1305 and the counter mode's helpers in WebAssembly; the layout of its memory is that of
 * `assembly/poly1305.ts`.
 */
import { assert } from "../../kernel/index.ts";
import { type Kernels, maskBlocksMax } from "../../vault/index.ts";
import { macModule } from "./modules.ts";
import { instantiate, type ModuleExports } from "./web-assembly.ts";

interface MacExports extends ModuleExports {
  readonly messageAt: { readonly value: number };
  readonly maskAt: { readonly value: number };
  begin(): void;
  absorb(length: number): void;
  finish(offset: number, length: number): void;
  countUp(count: number): void;
  mask(length: number): void;
}

const blockBytes = 16;
/** What the module's memory has room for; longer messages come in pieces. */
const pieceBytes = maskBlocksMax * blockBytes;
const tagAt = 32;
const counterAt = 48;

export function createMac(): Omit<Kernels, "createCutter"> {
  const wasm = instantiate(macModule) as MacExports;
  const memory = new Uint8Array(wasm.memory.buffer);
  const messageAt = wasm.messageAt.value;
  const maskAt = wasm.maskAt.value;

  function poly1305(r: Uint8Array, s: Uint8Array, message: Uint8Array): Uint8Array {
    assert(r.length === blockBytes && s.length === blockBytes, "r and s have 16 bytes");
    memory.set(r, 0);
    memory.set(s, blockBytes);
    wasm.begin();
    let at = 0;
    for (; message.length - at > pieceBytes; at += pieceBytes) {
      memory.set(message.subarray(at, at + pieceBytes), messageAt);
      wasm.absorb(pieceBytes);
    }
    memory.set(at === 0 ? message : message.subarray(at), messageAt);
    const rest = (message.length - at) % blockBytes;
    const whole = message.length - at - rest;
    wasm.absorb(whole);
    wasm.finish(whole, rest);
    return memory.slice(tagAt, tagAt + blockBytes);
  }

  function counterBlocks(nonce: Uint8Array, count: number): Uint8Array {
    assert(nonce.length === blockBytes && count <= maskBlocksMax, "the counter blocks fit");
    memory.set(nonce, counterAt);
    wasm.countUp(count);
    return memory.subarray(maskAt, maskAt + count * blockBytes);
  }

  function addMask(bytes: Uint8Array, mask: Uint8Array, target: Uint8Array): void {
    assert(bytes.length <= mask.length && mask.length <= pieceBytes, "the mask fits");
    memory.set(bytes, messageAt);
    memory.set(mask, maskAt);
    wasm.mask(bytes.length);
    target.set(memory.subarray(messageAt, messageAt + bytes.length));
  }

  return { poly1305, counterBlocks, addMask };
}
