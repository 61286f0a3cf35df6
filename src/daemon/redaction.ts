/**
 * Secrets that were read for the fleet are masked in what is heard, kept and logged, whoever quotes
 * them: the last words of a crashed service, the answer of a server, the output of a command. What
 * of a secret is masked is said in `targets/mask-secrets.ts`.
 *
 * M1. Only texts for people are masked, never ids, kinds or numbers: a secret that is a common word
 *     must not change what an entry means.
 * M2. Secrets of earlier fleets are masked as well, up to a limit: what they protect may live on.
 * M3. What quotes no secret is handed on as it is: looks of all resources go through here.
 */
import { maskWords, secretWords } from "../targets/index.ts";

const proseKeys: ReadonlySet<string> = new Set([
  "advice",
  "changes",
  "command",
  "detail",
  "error",
  "errors",
  "evidence",
  "preview",
  "reason",
  "text",
  "title",
  "what",
]);
/** Shorter ones are in every text. */
const lengthMin = 6;
const secretsMax = 1000;

export class Redaction {
  #secrets: readonly string[] = [];
  #words: readonly string[] = [];
  /** As they stand in JSON. */
  #quoted: readonly string[] = [];

  /** Adds what a fleet was read with. */
  learn(secrets: readonly string[]): void {
    const long = secrets.filter((secret) => secret.length >= lengthMin);
    this.#secrets = [...new Set([...long, ...this.#secrets])].slice(0, secretsMax);
    this.#words = secretWords(this.#secrets).filter((word) => word.length >= lengthMin);
    this.#quoted = this.#words.map((word) => JSON.stringify(word).slice(1, -1));
  }

  text(text: string): string {
    return maskWords(text, this.#words);
  }

  /** A reading, the result of a step, an entry, a line of our log. Keeps M3. */
  told<T>(told: T): T {
    if (this.#quoted.length === 0) return told;
    const json = JSON.stringify(told);
    // An excerpt may be cut off within a secret.
    const isQuoted = json.includes("...") || this.#quoted.some((word) => json.includes(word));
    return isQuoted ? (this.#prose(told, false) as T) : told;
  }

  #prose(value: unknown, isProse: boolean): unknown {
    if (typeof value === "string") return isProse ? this.text(value) : value;
    if (Array.isArray(value)) return value.map((item) => this.#prose(item, isProse));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.#prose(member, proseKeys.has(key))]),
    );
  }
}
