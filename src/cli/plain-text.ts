/**
 * Text that came from elsewhere (a log, an error message) without what would drive the terminal:
 * cursor moves, window titles, bells, changes of the direction of writing. Colours may stay.
 */
// oxlint-disable-next-line no-control-regex
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f]/g;
// oxlint-disable-next-line no-control-regex
const strayEscape = /\u001b(?!\[[\d;]*m)/g;
// oxlint-disable-next-line no-control-regex
const isColour = /^\u001b\[[\d;]*m$/;

const directions = /[\u202a-\u202e\u2066-\u2069]/g;

export function plainText(text: string, options: { keepColours?: boolean } = {}): string {
  const keeps = options.keepColours === true;
  return text
    .replace(sequences, (found) => (keeps && isColour.test(found) ? found : ""))
    .replace(controls, " ")
    .replace(directions, "")
    .replace(strayEscape, "");
}

/** Of several lines, each on its own. */
export function plainLines(text: string, indent = ""): string {
  return text
    .split("\n")
    .map((line) => `${indent}${plainText(line)}`)
    .join("\n");
}
