/**
 * How everything in a repository but the key files' outer part is encrypted: a nonce of 16 bytes,
 * the text under AES-256 in counter mode, and its Poly1305-AES over the encrypted bytes.
 *
 * 1. Nothing is decrypted before its MAC was found right, in a time that does not tell how wrong.
 * 2. Keys and nonces that are all zero are those of a mistake, and never used.
 * 3. Short texts and long ones are sealed to the same bytes, whichever way is faster for them.
 *
 * Node takes 10 us and more to make a cipher, which is most of the work on a short text. So one
 * cipher lives as long as the sealer: it encrypts counter blocks, which the kernels add to the
 * text.
 */
import { type Cipheriv, createCipheriv, timingSafeEqual } from "node:crypto";
import { assert } from "../../kernel/index.ts";
import { type Kernels, maskBlocksMax } from "../kernels.ts";

/** A repository's master keys, or those that a passphrase gives. */
export interface SealKeys {
  /** 32 bytes for AES-256. */
  readonly encrypt: Uint8Array;
  /** 16 bytes for the AES-128 of the MAC's nonce. */
  readonly macK: Uint8Array;
  /** 16 bytes, the point at which Poly1305 evaluates. */
  readonly macR: Uint8Array;
}

/** Belongs to one thread. */
export interface Sealer {
  /** @param nonce 16 bytes by chance, never used with these keys before */
  seal(plaintext: Uint8Array, nonce: Uint8Array): Uint8Array;
  /**
   * The same, into the bytes of `target` from `offset` on, which has room for it.
   *
   * @returns where it ends
   */
  sealInto(plaintext: Uint8Array, nonce: Uint8Array, target: SealTarget): number;
  /**
   * The plaintext, or undefined for what these keys did not seal, or not so.
   *
   * @param room where it goes, at least as long as it; without one it gets memory of its own
   */
  open(sealed: Uint8Array, room?: Uint8Array): Uint8Array | undefined;
}

export interface SealTarget {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

const nonceBytes = 16;
const tagBytes = 16;
const blockBytes = 16;

/** What sealing adds to a text: the nonce before it and the MAC behind it. */
export const sealBytes: number = nonceBytes + tagBytes;

/** Above this, a cipher of its own wins; measured, and flat around here. */
const shortBytesMax = 32 * 1024;

export function areSealKeys({ encrypt, macK, macR }: SealKeys): boolean {
  return (
    encrypt.length === 32 &&
    macK.length === 16 &&
    macR.length === 16 &&
    ![encrypt, macK, macR].some(isZero)
  );
}

export function createSealer(keys: SealKeys, kernels: Kernels): Sealer {
  assert(areSealKeys(keys), "keys have their lengths and are not zero");
  assert(shortBytesMax <= maskBlocksMax * blockBytes, "a short text fits");
  const macCipher = blockCipher("aes-128-ecb", keys.macK);
  const counterCipher = blockCipher("aes-256-ecb", keys.encrypt);

  function tagOf(ciphertext: Uint8Array, nonce: Uint8Array): Uint8Array {
    return kernels.poly1305(keys.macR, macCipher.update(nonce), ciphertext);
  }

  /** Counter mode is its own opposite. */
  function encrypt(bytes: Uint8Array, nonce: Uint8Array, target: Uint8Array): void {
    if (bytes.length > shortBytesMax) {
      target.set(createCipheriv("aes-256-ctr", keys.encrypt, nonce).update(bytes));
      return;
    }
    const blocks = kernels.counterBlocks(nonce, Math.ceil(bytes.length / blockBytes));
    kernels.addMask(bytes, counterCipher.update(blocks), target);
  }

  function sealInto(plaintext: Uint8Array, nonce: Uint8Array, target: SealTarget): number {
    const { bytes, offset } = target;
    const tagAt = offset + nonceBytes + plaintext.length;
    assert(nonce.length === nonceBytes && !isZero(nonce), "a nonce has 16 bytes and is not zero");
    assert(tagAt + tagBytes <= bytes.length, "there is room for what is sealed");
    const ciphertext = bytes.subarray(offset + nonceBytes, tagAt);
    encrypt(plaintext, nonce, ciphertext);
    bytes.set(nonce, offset);
    bytes.set(tagOf(ciphertext, nonce), tagAt);
    return tagAt + tagBytes;
  }

  return {
    sealInto,
    seal: (plaintext, nonce) => {
      const bytes = new Uint8Array(plaintext.length + sealBytes);
      sealInto(plaintext, nonce, { bytes, offset: 0 });
      return bytes;
    },
    open: (sealed, room) => {
      if (sealed.length < sealBytes) return undefined;
      const nonce = sealed.subarray(0, nonceBytes);
      const ciphertext = sealed.subarray(nonceBytes, -tagBytes);
      if (isZero(nonce)) return undefined;
      const tag = tagOf(ciphertext, nonce);
      if (!timingSafeEqual(tag, sealed.subarray(-tagBytes))) return undefined;
      const { length } = ciphertext;
      const plaintext = room === undefined ? new Uint8Array(length) : room.subarray(0, length);
      assert(plaintext.length === length, "there is room for what is opened");
      encrypt(ciphertext, nonce, plaintext);
      return plaintext;
    },
  };
}

/** One block after another, each by itself: to be used on what never comes twice only. */
function blockCipher(name: string, key: Uint8Array): Cipheriv {
  return createCipheriv(name, key, null).setAutoPadding(false);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
