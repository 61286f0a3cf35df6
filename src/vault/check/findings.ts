/** Findings as they come in, each file of a location once, and where each may be repaired from. */
import type { Finding } from "./finding.ts";
import type { PlaceSurvey, Survey } from "./survey.ts";

type Told = Omit<Finding, "location" | "repairableFrom">;

export class Findings {
  readonly #survey: Survey;
  readonly #found = new Map<string, Omit<Finding, "repairableFrom">>();

  constructor(survey: Survey) {
    this.#survey = survey;
    for (const finding of survey.findings) {
      this.#found.set(keyOf(finding.location, finding.kind, finding.id), finding);
    }
  }

  /** The first word about a file counts. */
  add({ place }: PlaceSurvey, told: Told): void {
    const key = keyOf(place.name, told.kind, told.id);
    if (!this.#found.has(key)) this.#found.set(key, { location: place.name, ...told });
  }

  has({ place }: PlaceSurvey, kind: Finding["kind"], id: string): boolean {
    return this.#found.has(keyOf(place.name, kind, id));
  }

  all(): readonly Finding[] {
    return Array.from(this.#found.values(), (finding) => ({
      ...finding,
      repairableFrom: this.#soundAt(finding.kind, finding.id),
    }));
  }

  #soundAt(kind: Finding["kind"], id: string): readonly string[] {
    const sound = this.#survey.places.filter((seen) => {
      if (this.#isBad(seen, kind, id)) return false;
      if (kind === "config") return seen.config !== undefined;
      const files = { key: seen.keys, index: seen.indexes, snapshot: seen.snapshots };
      return (kind === "pack" ? seen.packs : files[kind]).has(id);
    });
    return sound.map(({ place }) => place.name);
  }

  #isBad({ place }: PlaceSurvey, kind: Finding["kind"], id: string): boolean {
    const finding = this.#found.get(keyOf(place.name, kind, id));
    return finding !== undefined && finding.problem !== "unnamed";
  }
}

function keyOf(location: string, kind: Finding["kind"], id: string): string {
  return `${kind} ${id} ${location}`;
}
