import fc from "fast-check";
import { expect, test } from "vitest";
import { html } from "./html.ts";

test("no value can end its element or its attribute", () => {
  const nasty = fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", "a", "/", "\ud800") });
  fc.assert(
    fc.property(nasty, (text) => {
      const made = html`<p title="${text}">${[text, html`<b>${text}</b>`]}</p>`.html;
      expect(made.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, "")).toMatch(
        /^<p title="[^<>"'&]*">[^<>"'&]*<b>[^<>"'&]*<\/b><\/p>$/,
      );
    }),
  );
});
