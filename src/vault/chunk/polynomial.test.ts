import { describe, expect, it } from "vitest";
import {
  choosePolynomial,
  formatPolynomial,
  isCuttingPolynomial,
  isIrreducible,
  parsePolynomial,
} from "./polynomial.ts";

describe("polynomials", () => {
  it("knows the one that the format's own tests cut by", () => {
    expect(isCuttingPolynomial(0x3da3358b4dc173n)).toBe(true);
  });

  it("tells small ones apart, as their tables do", () => {
    // x, x + 1, x^2 + x + 1, x^3 + x + 1, x^3 + x^2 + 1, and the three of degree 4.
    const irreducible = [2, 3, 7, 11, 13, 19, 25, 31];
    const found = Array.from({ length: 32 }, (_, value) => value).filter((value) =>
      isIrreducible(BigInt(value)),
    );
    expect(found).toEqual(irreducible);
  });

  it("refuses another degree, though nothing divides it", () => {
    expect(isIrreducible(0b111n)).toBe(true);
    expect(isCuttingPolynomial(0b111n)).toBe(false);
    expect(isCuttingPolynomial(0n)).toBe(false);
  });

  it("reads and writes as a config does", () => {
    expect(parsePolynomial("3DA3358B4DC173")).toBe(0x3da3358b4dc173n);
    expect(formatPolynomial(0x3da3358b4dc173n)).toBe("3da3358b4dc173");
    for (const wrong of ["", "0x3d", "3g", "-1", " 1", "11111111111111111"]) {
      expect(parsePolynomial(wrong), `"${wrong}"`).toBeUndefined();
    }
  });

  it("gives up when chance is none", () => {
    // x^53 + 1 is divisible by x + 1.
    expect(() => choosePolynomial((count) => new Uint8Array(count))).toThrow("10000 tries");
  });
});
