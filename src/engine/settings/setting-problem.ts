/** A mistake in what people have set, wherever they have set it. */
export interface SettingProblem {
  /** The file, or `environment variable NAME`. */
  readonly file: string;
  /** 0 where there is no line. */
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly message: string;
  readonly fix: string;
}

/** `config/reliability.yml:3:14 services.chat.timeout: expected a duration, found -5` */
export function mistakeIn({ file, line, column, key, message }: SettingProblem): string {
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  // Of variables and code the key is the place.
  const isNamed = key === "" || (line === 0 && file.includes(key));
  return `${place}${isNamed ? "" : ` ${key}`}: ${message}`;
}

/** The same on one line, with the fix. */
export function lineOf(problem: SettingProblem): string {
  return `${mistakeIn(problem)}; ${problem.fix}`.replaceAll("\n", " ");
}
