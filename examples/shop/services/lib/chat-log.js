const GLAD = new Set("calm fine glad good great happy kind thanks love nice".split(" "));
const SAD = new Set("angry awful bad broken cruel hate late lost sad wrong".split(" "));
const LINE = /^(\d\d:\d\d) (\w+): (.*)$/;

/**
 * Reads lines like `12:34 ana: hello`; other lines belong to nobody and are passed over.
 *
 * KNOWN BUG, KEPT ON PURPOSE: nobody thought of impossible times. A line such as `99:99 ana: hello`
 * looks right to the pattern and then makes `toISOString` throw.
 */
export function readMessages(text) {
  const messages = [];
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, time, speaker, words] = match;
    messages.push({ at: new Date(`2000-01-01T${time}:00Z`).toISOString(), speaker, words });
  }
  return messages;
}

/** Messages and mood (glad words minus sad words) of each speaker, in order of appearance. */
export function describeSpeakers(messages) {
  const speakers = new Map();
  for (const { speaker, words } of messages) {
    const known = speakers.get(speaker) ?? { speaker, messages: 0, mood: 0 };
    known.messages += 1;
    for (const word of words.toLowerCase().match(/[a-z]+/g) ?? []) {
      if (GLAD.has(word)) known.mood += 1;
      if (SAD.has(word)) known.mood -= 1;
    }
    speakers.set(speaker, known);
  }
  return [...speakers.values()];
}
