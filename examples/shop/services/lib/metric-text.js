/**
 * Prometheus text format. A metric is `{ name, type, help, value }` or has `series: [{ labels,
 * value }]`.
 */
export function metricText(metrics) {
  const lines = [];
  for (const { name, type, help, value, series = [{ value }] } of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const one of series) lines.push(`${name}${labelText(one.labels)} ${one.value}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelText(labels) {
  if (labels === undefined) return "";
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `{${pairs.join(",")}}`;
}

export function processMetrics() {
  const startSeconds = (performance.timeOrigin / 1000).toFixed(3);
  return [
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Resident memory of this process.",
      value: process.memoryUsage.rss(),
    },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      help: "When this process started, in seconds since 1970.",
      value: startSeconds,
    },
  ];
}
