/**
 * Writes metrics as text: Prometheus 0.0.4, or OpenMetrics 1.0.0 where it is asked for.
 *
 * The two differ in little: in OpenMetrics the name of a counter's family has no `_total` and the
 * text ends with `# EOF`.
 * X1. The samples of a family stand together, under one HELP and one TYPE line.
 */
export type Labels = Readonly<Record<string, string>>;

export type Family =
  | {
      readonly kind: "gauge" | "counter";
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly kind: "histogram";
      readonly name: string;
      readonly help: string;
      readonly histograms: readonly LabelledHistogram[];
    };

export interface LabelledHistogram {
  readonly labels?: Labels;
  readonly histogram: HistogramView;
}

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export interface HistogramView {
  /** Upper bounds, ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations in each bucket, not cumulated; one more than bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export type Format = "prometheus" | "openmetrics";

export const contentTypes: Readonly<Record<Format, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** What a scraper's Accept header asks for. */
export function formatFor(accept: string | undefined): Format {
  return accept?.includes("application/openmetrics-text") === true ? "openmetrics" : "prometheus";
}

export function writeExposition(families: readonly Family[], format: Format): string {
  const lines = families.flatMap((family) => [...head(family, format), ...body(family)]);
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function head({ kind, name, help }: Family, format: Format): readonly string[] {
  const family =
    format === "openmetrics" && kind === "counter" ? name.replace(/_total$/, "") : name;
  return [`# HELP ${family} ${escapeHelp(help, format)}`, `# TYPE ${family} ${kind}`];
}

function body(family: Family): readonly string[] {
  if (family.kind !== "histogram") {
    return family.samples.map(({ labels, value }) => line(family.name, labels ?? {}, value));
  }
  return family.histograms.flatMap(({ labels = {}, histogram }) =>
    histogramLines(family.name, labels, histogram),
  );
}

function histogramLines(name: string, labels: Labels, view: HistogramView): readonly string[] {
  let below = 0;
  const buckets = view.counts.map((count, place) => {
    below += count;
    const le = String(view.bounds[place] ?? "+Inf");
    return line(`${name}_bucket`, { ...labels, le }, below);
  });
  return [...buckets, line(`${name}_sum`, labels, view.sum), line(`${name}_count`, labels, below)];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${numeral(value)}`;
}

function numeral(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function escapeLabel(text: string): string {
  return text.toWellFormed().replace(/[\\"\n]/g, (sign) => (sign === "\n" ? "\\n" : `\\${sign}`));
}

/** Quotes in help are escaped in OpenMetrics only. */
function escapeHelp(text: string, format: Format): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped;
}
