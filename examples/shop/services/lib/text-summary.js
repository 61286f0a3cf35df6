const KEYWORDS = 5;
const SHORT_WORDS = new Set(
  "about also been from have into just like more much only some than that their them then there they this very was were what when will with would your".split(
    " ",
  ),
);

/**
 * An extractive summary: the sentence whose words are the most frequent in the text, and the most
 * frequent words. The same text always gives the same answer, so any witness can check it.
 */
export function summarize(text) {
  const counts = new Map();
  for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const keywords = [...counts]
    .toSorted(([wordA, a], [wordB, b]) => b - a || (wordA < wordB ? -1 : 1))
    .slice(0, KEYWORDS)
    .map(([word]) => word);

  let summary = "";
  let best = -1;
  for (const sentence of text.split(/(?<=[.!?])\s+|\n+/)) {
    const words = wordsOf(sentence);
    const weight = words.reduce((sum, word) => sum + counts.get(word), 0) / (words.length + 1);
    if (weight > best && sentence.trim() !== "") {
      best = weight;
      summary = sentence.trim();
    }
  }
  return { summary, keywords };
}

function wordsOf(text) {
  const words = text.toLowerCase().match(/[a-z]{4,}/g) ?? [];
  return words.filter((word) => !SHORT_WORDS.has(word));
}
