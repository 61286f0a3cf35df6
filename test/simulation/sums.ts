/** Sums that need no key and no time: equal texts give equal sums. */

/** FNV-1a, in hex. */
export function macOf(text: string): string {
  let sum = 2166136261;
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 16777619);
  }
  return (sum >>> 0).toString(16);
}

/** Over texts, one after the other. */
export class Digest {
  #sum = "";

  get text(): string {
    return this.#sum;
  }

  add(text: string): void {
    this.#sum = macOf(this.#sum + text);
  }
}
