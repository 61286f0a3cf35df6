import fc from "fast-check";
import { describe, it } from "vitest";
import {
  choosePolynomial,
  formatPolynomial,
  isCuttingPolynomial,
  isIrreducible,
  parsePolynomial,
} from "./polynomial.ts";

function product(one: bigint, other: bigint): bigint {
  let sum = 0n;
  for (let bit = 0n; other >> bit > 0n; bit++) if ((other >> bit) & 1n) sum ^= one << bit;
  return sum;
}

describe("polynomials", () => {
  it("never takes a product for irreducible", () => {
    const factor = fc.bigInt({ min: 2n, max: (1n << 27n) - 1n });
    fc.assert(
      fc.property(factor, factor, (one, other) => !isIrreducible(product(one, other))),
      { numRuns: 300 },
    );
  });

  it("chooses by chance what can cut, and keeps it through a config", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 255 })), (bytes) => {
        const chosen = choosePolynomial((count) => Uint8Array.from(bytes.take(count)));
        return isCuttingPolynomial(chosen) && parsePolynomial(formatPolynomial(chosen)) === chosen;
      }),
      { numRuns: 20 },
    );
  });
});
