/**
 * An address for people who may not know its secrets: without credentials, query and fragment, and
 * without parts of the path that look made by chance (an id that nobody can guess is a key).
 */
const uuid = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/i;
const byChance = /(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16,}/i;

/** @param address a URL, or a path of one; of anything else what follows a `?` is taken out. */
export function redactAddress(address: string): string {
  const [place = "", query] = address.replace(/#.*$/s, "").split(/\?/, 2);
  const parts = /^([a-z][\w+.-]*:\/\/)([^/]*)(.*)$/is.exec(place);
  const [, scheme = "", host = "", path = place] = parts ?? [];
  const shown = path.split("/").map((part) => (looksRandom(part) ? "***" : part));
  const asked = query === undefined ? "" : "?***";
  return `${scheme}${host.replace(/^.*@/, "***@")}${shown.join("/")}${asked}`;
}

function looksRandom(part: string): boolean {
  return uuid.test(part) || byChance.test(part);
}
