/**
 * `soulmirror vault browse`: a person looks through the snapshots, and restores from there. Reads
 * as little as is looked at, whatever the vault holds.
 */
import { vaultFolder } from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { KeyReader } from "../keys.ts";
import { Screen, untilAborted } from "../screen.ts";
import { Browser } from "./browse/browser.ts";
import { VaultWindow } from "./browse/vault-window.ts";
import { chosenVault, openChosen } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";

/** What a terminal sends for one key arrives together; a line that is slow is given some time. */
const sequenceMs = 60;
const drawnEveryMs = 30;

export const browse = interruptible(async (context, signal) => {
  const { out, place } = context;
  if (out.isJson || !Screen.isThere) {
    throw new SoulMirrorError("BAD_REQUEST", "browse needs a terminal", {
      fix: "use `soulmirror vault snapshots`, `soulmirror vault ls` and `soulmirror vault restore`",
    });
  }
  const spec = chosenVault(context);
  const notes = new Set<string>();
  const heard = { say: (_text: string): void => undefined };
  const onNote = (text: string): void => {
    notes.add(text);
    heard.say(text);
  };
  await using opened = await openChosen(context, spec, { signal, onNote });
  const folder = vaultFolder(place.dataPath, spec.name);
  await using window = new VaultWindow({ spec, opened, folder, signal });
  await look();
  for (const note of notes) out.note(note);
  return 0;

  async function look(): Promise<void> {
    const keys = new KeyReader();
    let [escaping, drawing]: (NodeJS.Timeout | undefined)[] = [];
    const draw = (): void => {
      drawing = undefined;
      screen.draw(browser.picture(screen.size));
    };
    const redraw = (): void => {
      drawing ??= setTimeout(draw, drawnEveryMs);
    };
    const hear = (bytes: Buffer): void => {
      clearTimeout(escaping);
      for (const key of keys.read(bytes)) browser.press(key);
      if (!keys.isWaiting) return;
      escaping = setTimeout(() => {
        for (const key of keys.flush()) browser.press(key);
      }, sequenceMs);
    };
    const browser = new Browser({ window, style: out.style, redraw });
    heard.say = (text) => browser.say(text);
    using screen = new Screen(hear, redraw);
    try {
      await untilAborted(browser.ended, screen.ended, signal);
    } finally {
      heard.say = () => undefined;
      await browser.finish();
      clearTimeout(escaping);
      clearTimeout(drawing);
    }
  }
});
