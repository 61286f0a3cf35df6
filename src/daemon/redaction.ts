/**
 * Secrets that were read for the fleet are masked in what is kept of it, whoever quotes them: the
 * last words of a crashed service, the answer of a server, the output of a command.
 *
 * M1. Only texts for people are masked, never ids, kinds or numbers: a secret that is a common word
 *     must not change what an entry means.
 * M2. Secrets of earlier fleets are masked as well, up to a limit: what they protect may live on.
 */
import type { Entry } from "../model/index.ts";
import { maskSecrets } from "../targets/index.ts";

const proseKeys: ReadonlySet<string> = new Set([
  "advice",
  "changes",
  "detail",
  "errors",
  "evidence",
  "preview",
  "reason",
  "text",
  "what",
]);
/** Shorter ones are in every text. */
const lengthMin = 6;
const secretsMax = 1000;

export class Redaction {
  #secrets: readonly string[] = [];

  /** Adds what a fleet was read with. */
  learn(secrets: readonly string[]): void {
    const long = secrets.filter((secret) => secret.length >= lengthMin);
    this.#secrets = [...new Set([...long, ...this.#secrets])].slice(0, secretsMax);
  }

  text(text: string): string {
    return this.#secrets.length === 0 ? text : maskSecrets(text, this.#secrets);
  }

  entry(entry: Entry): Entry {
    if (this.#secrets.length === 0) return entry;
    const json = JSON.stringify(entry);
    const isQuoted = this.#secrets.some((secret) => json.includes(inJson(secret)));
    return isQuoted ? (this.#prose(entry, false) as Entry) : entry;
  }

  details(details: Record<string, unknown>): Record<string, unknown> {
    if (this.#secrets.length === 0) return details;
    return this.#prose(details, false) as Record<string, unknown>;
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

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
