/**
 * Metrics into the table `system_health_metrics` of an SQLite database, and what is usual for them
 * into `system_health_baselines`. Through node's own SQLite, loaded when there is something to
 * write.
 *
 * A batch is one transaction, so that it arrives whole or not at all. A database that somebody else
 * has locked is hardly waited for, because that would hold up the service: the batch comes again.
 */
import type { DatabaseSync } from "node:sqlite";
import {
  checkArgument,
  checkOptions,
  eitherOption,
  havingOption,
  optionsOf,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import { SqliteFile } from "../sqlite-file.ts";
import type { StampedMetric } from "./metric.ts";
import { type BaselineRow, MetricBaselines } from "./metric-baselines.ts";
import type { MetricSink } from "./sink.ts";

export interface SqliteMetricSinkOptions {
  /** About so many metrics are kept, the latest. Default 100,000. */
  readonly rowsMax?: number;
}

const schema = `
create table if not exists system_health_metrics (
  id integer primary key autoincrement, timestamp integer not null,
  metric_type text not null, metric_name text not null, value real not null, unit text not null,
  tags text, source text not null, created_at integer not null default (unixepoch() * 1000)
);
create index if not exists health_metrics_timestamp_idx on system_health_metrics (timestamp);
create index if not exists health_metrics_type_idx on system_health_metrics (metric_type);
create index if not exists health_metrics_source_idx on system_health_metrics (source);
create table if not exists system_health_baselines (
  id integer primary key autoincrement, metric_type text not null, metric_name text not null,
  source text not null, time_window text not null, mean real not null, median real not null,
  std_dev real not null, p50 real not null, p95 real not null, p99 real not null,
  min real not null, max real not null, sample_count integer not null,
  calculated_at integer not null, valid_until integer not null,
  created_at integer not null default (unixepoch() * 1000)
);
create index if not exists baselines_metric_idx
  on system_health_baselines (metric_type, metric_name, source);
create index if not exists baselines_valid_until_idx on system_health_baselines (valid_until);
`;

const insertMetric = `
insert into system_health_metrics
  (timestamp, metric_type, metric_name, value, unit, tags, source)
values (?, ?, ?, ?, ?, ?, ?)
`;
const trim = `
delete from system_health_metrics
where id <= (select max(id) from system_health_metrics) - ?
`;
/** What an earlier process knew of more values stands until it has expired. */
const forget = `
delete from system_health_baselines
where metric_type = ? and metric_name = ? and source = ? and time_window = ?
  and (sample_count <= ? or valid_until <= ?)
`;
const insertBaseline = `
insert into system_health_baselines
  (metric_type, metric_name, source, time_window, mean, median, std_dev, p50, p95, p99, min, max,
   sample_count, calculated_at, valid_until)
select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
where not exists (
  select 1 from system_health_baselines
  where metric_type = ? and metric_name = ? and source = ? and time_window = ?
)
`;

const traits = { busyMs: 20, synchronous: "normal" } as const;
const seriesInBatch = 5;
const seriesAtEnd = 200;

const placeOption = eitherOption(
  textOption({ max: 4096 }),
  havingOption<DatabaseSync>(
    ["exec", "prepare"],
    "a path or a database",
    "write the path of a file",
  ),
);
const shape = optionsOf({ rowsMax: wholeOption({ min: 1 }) });

/** A sink for `MetricsCollector` that keeps metrics and baselines in SQLite. */
export class SqliteMetricSink implements MetricSink {
  readonly name: string;
  readonly #file: SqliteFile;
  readonly #rowsMax: number;
  readonly #usual = new MetricBaselines();

  /** @param place of the database file, or a database that is open already. */
  constructor(place: string | DatabaseSync, options: SqliteMetricSinkOptions = {}) {
    checkArgument(["SqliteMetricSink", "place"], place, placeOption);
    const { rowsMax = 100_000 } = checkOptions("SqliteMetricSink", options, shape);
    this.#file = new SqliteFile(place, schema, traits);
    this.#rowsMax = rowsMax;
    this.name = this.#file.name;
  }

  // oxlint-disable-next-line require-await -- what SQLite throws must become a rejection.
  async send(batch: readonly StampedMetric[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (batch.length === 0) return;
    this.#within((database) => {
      const statement = database.prepare(insertMetric);
      for (const metric of batch) statement.run(...valuesOf(metric));
      database.prepare(trim).run(this.#rowsMax);
    });
    for (const metric of batch) this.#usual.add(metric);
    this.#tellUsual(this.#usual.takeDue(seriesInBatch));
  }

  // oxlint-disable-next-line require-await -- the same.
  async close(): Promise<void> {
    try {
      this.#tellUsual(this.#usual.takeDue(seriesAtEnd, 0));
    } finally {
      this.#file.close();
    }
  }

  /** The metrics are there by then: what fails here is told of with the next ones. */
  #tellUsual(rows: readonly BaselineRow[]): void {
    if (rows.length === 0) return;
    try {
      this.#within((database) => {
        const [removing, adding] = [database.prepare(forget), database.prepare(insertBaseline)];
        for (const row of rows) {
          const key = [row.metricType, row.metricName, row.source, row.timeWindow] as const;
          removing.run(...key, row.sampleCount, row.calculatedAt);
          adding.run(...key, ...figuresOf(row), ...key);
        }
      });
    } catch {
      // Baselines are made of what is learned, which is still known.
    }
  }

  #within(write: (database: DatabaseSync) => void): void {
    const database = this.#file.database();
    database.exec("begin immediate");
    try {
      write(database);
      database.exec("commit");
    } catch (error) {
      database.exec("rollback");
      throw error;
    }
  }
}

function valuesOf(metric: StampedMetric): (string | number | null)[] {
  const { timestamp, metricType, metricName, value, unit, tags, source, count, since } = metric;
  const joined = count === undefined ? {} : { count: String(count), since: String(since) };
  const told = JSON.stringify({ ...tags, ...joined });
  return [Math.round(timestamp), metricType, metricName, value, unit, told, source];
}

function figuresOf(row: BaselineRow): number[] {
  const { mean, median, stdDev, p50, p95, p99, min, max } = row;
  const times = [Math.round(row.calculatedAt), Math.round(row.validUntil)];
  return [mean, median, stdDev, p50, p95, p99, min, max, row.sampleCount, ...times];
}
