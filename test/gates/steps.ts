/**
 * All that must hold before a change is kept, in order of cost. `npm test` and `npm run verify` run
 * the same list; the gates are scripts of package.json, so that each can be run by hand as well.
 */
export interface Step {
  readonly name: string;
  /** A gate counts as one test; a project is a vitest project and counts its own. */
  readonly kind: "gate" | "project";
}

export const steps: readonly Step[] = [
  { name: "format", kind: "gate" },
  { name: "types", kind: "gate" },
  { name: "lint", kind: "gate" },
  { name: "tidy", kind: "project" },
  { name: "unit", kind: "project" },
  { name: "property", kind: "project" },
  { name: "conformance", kind: "project" },
  { name: "simulation", kind: "project" },
  { name: "integration", kind: "project" },
];

const scriptByGate: Readonly<Record<string, string>> = { format: "format:check" };

export function scriptOf(gate: Step): string {
  return scriptByGate[gate.name] ?? gate.name;
}

/** The steps that were asked for by name; all of them when none was. */
export function chosenSteps(names: readonly string[]): readonly Step[] {
  const known = steps.map((step) => step.name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new Error(`There is no step "${stranger}". The steps are: ${known.join(", ")}.`);
  }
  return names.length === 0 ? steps : steps.filter((step) => names.includes(step.name));
}
