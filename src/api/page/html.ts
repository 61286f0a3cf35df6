/**
 * HTML in which every value is escaped unless it is HTML already. Log lines, reasons and names come
 * from services and from strangers: none of them may become markup.
 */
export interface Html {
  readonly html: string;
}

export type Part = string | number | Html | undefined | readonly Part[];

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = texts[0] ?? "";
  for (const [place, part] of parts.entries()) text += render(part) + (texts[place + 1] ?? "");
  return { html: text };
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "html" in part ? part.html : part.map(render).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
