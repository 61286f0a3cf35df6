/**
 * How the terminal shows things: colours only where somebody looks, and never colour alone, each
 * state is an icon and a word.
 */
export type Colour = "green" | "yellow" | "red" | "blue" | "grey" | "bold";

export interface Style {
  readonly isColoured: boolean;
  /** Columns of the terminal; endless where nobody looks. */
  readonly width: number;
  paint(colour: Colour, text: string): string;
  /** Icon and word. */
  state(word: string): string;
}

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  blue: [34, 39],
  grey: [90, 39],
  bold: [1, 22],
};

/** The icon, its stand-in where only ASCII can be shown, and the colour. */
const states: Readonly<Record<string, readonly [icon: string, plain: string, colour: Colour]>> = {
  healthy: ["●", "+", "green"],
  ok: ["●", "+", "green"],
  resolved: ["●", "+", "green"],
  succeeded: ["●", "+", "green"],
  starting: ["◌", "o", "blue"],
  recovering: ["◌", "o", "blue"],
  verifying: ["◌", "o", "blue"],
  initiated: ["◌", "o", "blue"],
  in_progress: ["◌", "o", "blue"],
  rolling_back: ["◌", "o", "blue"],
  degraded: ["▲", "!", "yellow"],
  warn: ["▲", "!", "yellow"],
  open: ["▲", "!", "yellow"],
  rolled_back: ["▲", "!", "yellow"],
  interrupted: ["▲", "!", "yellow"],
  waiting_for_approval: ["?", "?", "yellow"],
  unhealthy: ["✖", "x", "red"],
  failed: ["✖", "x", "red"],
  fail: ["✖", "x", "red"],
  escalated: ["✖", "x", "red"],
  quarantined: ["⊘", "#", "red"],
  dismissed: ["■", "-", "grey"],
  withdrawn: ["■", "-", "grey"],
  stopped: ["■", "-", "grey"],
  unknown: ["·", ".", "grey"],
};

export interface StyleOptions {
  readonly isColoured: boolean;
  readonly isAscii: boolean;
  /** Asked each time: a terminal changes its size. Zero where it does not know it. */
  readonly width?: () => number;
}

export function createStyle({ isColoured, isAscii, width }: StyleOptions): Style {
  const paint = (colour: Colour, text: string): string => {
    const [on, off] = codes[colour];
    return isColoured && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  return {
    isColoured,
    get width() {
      return width?.() || Number.POSITIVE_INFINITY;
    },
    paint,
    state(word) {
      const [icon, plain, colour] = states[word] ?? ["·", ".", "grey"];
      return paint(colour, `${isAscii ? plain : icon} ${word.replaceAll("_", " ")}`);
    },
  };
}

/** What the environment and the terminal ask for. */
export function styleOf(stream: NodeJS.WriteStream, wantsColour: boolean): Style {
  const { env } = process;
  const isQuiet = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return createStyle({
    isColoured: wantsColour && !isQuiet && stream.isTTY,
    isAscii: env["TERM"] === "linux" || /^(C|POSIX)$/.test(locale),
    ...(stream.isTTY ? { width: () => stream.columns } : {}),
  });
}
