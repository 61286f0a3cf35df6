/**
 * Keys of a terminal in raw mode, from the bytes that it sends for them.
 *
 * K1. A sequence or a character that arrives in pieces is one key.
 * K2. Escape alone is a key too: what begins a sequence is taken for it when nothing follows, which
 *     `flush` says.
 * K3. What is no key that we know is no text either: it is left out.
 */
import { StringDecoder } from "node:string_decoder";

export type Key =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: Exclude<(typeof sequences)[number][1], undefined> | ControlKey };

type ControlKey = "enter" | "escape" | "backspace" | "tab" | "interrupt" | "clear";

const sequences = [
  ["[A", "up"],
  ["OA", "up"],
  ["[B", "down"],
  ["OB", "down"],
  ["[C", "right"],
  ["OC", "right"],
  ["[D", "left"],
  ["OD", "left"],
  ["[5~", "page-up"],
  ["[6~", "page-down"],
  ["[H", "home"],
  ["OH", "home"],
  ["[1~", "home"],
  ["[F", "end"],
  ["OF", "end"],
  ["[4~", "end"],
  ["[3~", "delete"],
] as const;

const controls: Readonly<Record<string, ControlKey>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\b": "backspace",
  "\u007f": "backspace",
  "\u0003": "interrupt",
  "\u0004": "interrupt",
  "\u0015": "clear",
};

const escape = "\u001b";
// oxlint-disable-next-line no-control-regex
const whole = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/;
/** A sequence that began, and nothing else. */
// oxlint-disable-next-line no-control-regex
const begun = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/;
// oxlint-disable-next-line no-control-regex
const isControl = /[\u0000-\u001f\u007f-\u009f]/;

export class KeyReader {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  /** Something may follow that belongs to what came. */
  get isWaiting(): boolean {
    return this.#rest !== "";
  }

  read(bytes: Uint8Array): readonly Key[] {
    this.#rest += this.#decoder.write(Buffer.from(bytes));
    const keys: Key[] = [];
    for (let key = this.#next(); key !== "incomplete"; key = this.#next()) {
      if (key !== undefined) keys.push(key);
    }
    return keys;
  }

  /** Nothing followed (K2). */
  flush(): readonly Key[] {
    const isEscape = this.#rest.startsWith(escape);
    this.#rest = "";
    return isEscape ? [{ kind: "escape" }] : [];
  }

  /** Undefined: something that is no key of ours (K3). */
  #next(): Key | undefined | "incomplete" {
    const [first] = this.#rest;
    if (first === undefined) return "incomplete";
    if (first !== escape) {
      const character = String.fromCodePoint(this.#rest.codePointAt(0) ?? 0);
      this.#rest = this.#rest.slice(character.length);
      const control = controls[character];
      if (control !== undefined) return { kind: control };
      return isControl.test(character) ? undefined : { kind: "text", text: character };
    }
    const [sequence] = whole.exec(this.#rest) ?? [];
    if (sequence === undefined) {
      if (begun.test(this.#rest)) return "incomplete";
      this.#rest = this.#rest.slice(1);
      return { kind: "escape" };
    }
    this.#rest = this.#rest.slice(sequence.length);
    const known = sequences.find(([text]) => escape + text === sequence);
    return known === undefined ? undefined : { kind: known[1] };
  }
}
