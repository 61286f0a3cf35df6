/** An error in one line. */
import type { ErrorGroup } from "./error-group.ts";
import { pathsOf } from "./error-place.ts";

export function originOf({ origins }: ErrorGroup): string {
  let most: { readonly operation: string; readonly calls: number } | undefined;
  for (const place of origins.values()) if (place.calls > (most?.calls ?? -1)) most = place;
  return most?.operation ?? "";
}

export function headlineOf(group: ErrorGroup): string {
  const path = pathsOf(group)[0]?.operations.join(" → ") ?? originOf(group);
  return `${path}: ${shortOf(group)}`;
}

const statusWords = /\b(answered|status(?: code)?) <n>/i;

/** What it is, in a few words. */
function shortOf({ name, code, resource, text }: ErrorGroup): string {
  if (code !== "" && resource !== "") return `${code} ${resource}`;
  // The pattern of the text has lost the number that the code is: it is said once, where it stood.
  if (/^\d{3}$/.test(code) && statusWords.test(text))
    return text.replace(statusWords, `$1 ${code}`);
  const what = [code, text].filter((part) => part !== "").join(" ");
  return what === "" ? name : what;
}
