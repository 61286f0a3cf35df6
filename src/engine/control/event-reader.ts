/** Server-sent events out of a stream of text: only the `data` of each is of use here. */

/** Takes the text as it comes, in any pieces. */
export class EventReader {
  readonly #charactersMax: number;
  #rest = "";
  #data: string[] = [];
  #characters = 0;

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  /** The events that are whole now. Throws when one is longer than it may be. */
  read(text: string): readonly string[] {
    const events: string[] = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const whole of lines) {
      const line = whole.replace(/\r$/, "");
      if (line.startsWith("data:")) this.#add(line.slice(5).replace(/^ /, ""));
      if (line !== "" || this.#data.length === 0) continue;
      events.push(this.#data.join("\n"));
      this.#data = [];
      this.#characters = 0;
    }
    this.#check(this.#rest.length);
    return events;
  }

  #add(text: string): void {
    this.#characters += text.length + 1;
    this.#check(0);
    this.#data.push(text);
  }

  #check(more: number): void {
    if (this.#characters + more <= this.#charactersMax) return;
    throw new Error(`a message is longer than ${this.#charactersMax} characters`);
  }
}
