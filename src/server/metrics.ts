// Numbers for Prometheus: requests by route and status with their durations, open event streams, what replication took in, the process.

const BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];

export interface Metrics {
  /** `path` is the route's, with its names in braces. */
  request(path: string, method: string, status: number, ms: number): void;
  /** Adds to a counter; it appears once it was added to. The name begins with `cairn_` and ends in `_total`. */
  add(name: string, amount?: number): void;
  /** A gauge that is read when somebody asks. */
  gauge(name: string, read: () => number): void;
  /** All of it as Prometheus reads it. */
  text(): string;
}

interface Histogram {
  readonly counts: number[];
  count: number;
  sumMs: number;
}

export function createMetrics(): Metrics {
  const requests = new Map<string, number>();
  const durations = new Map<string, Histogram>();
  const counters = new Map<string, number>();
  const gauges = new Map<string, () => number>();
  return {
    request: (path, method, status, ms) => {
      const labels = `path="${path}",method="${/^[A-Z]{1,7}$/.test(method) ? method : 'other'}"`;
      const withStatus = `${labels},status="${status}"`;
      requests.set(withStatus, (requests.get(withStatus) ?? 0) + 1);
      const known = durations.get(labels) ?? { counts: BUCKETS_MS.map(() => 0), count: 0, sumMs: 0 };
      for (const [at, limit] of BUCKETS_MS.entries()) if (ms <= limit) known.counts[at] = (known.counts[at] ?? 0) + 1;
      known.count += 1;
      known.sumMs += ms;
      durations.set(labels, known);
    },
    add: (name, amount = 1) => counters.set(name, (counters.get(name) ?? 0) + amount),
    gauge: (name, read) => gauges.set(name, read),
    text: () =>
      `${[...requestLines(requests), ...durationLines(durations), ...valueLines(counters, gauges)].join('\n')}\n`,
  };
}

function requestLines(requests: ReadonlyMap<string, number>): string[] {
  const lines = [...requests].map(([labels, count]) => `cairn_requests_total{${labels}} ${count}`);
  return ['# TYPE cairn_requests_total counter', ...lines];
}

function durationLines(durations: ReadonlyMap<string, Histogram>): string[] {
  const lines = [...durations].flatMap(([labels, { counts, count, sumMs }]) => [
    ...counts.map((value, at) => `cairn_request_ms_bucket{${labels},le="${BUCKETS_MS[at] ?? 0}"} ${value}`),
    `cairn_request_ms_bucket{${labels},le="+Inf"} ${count}`,
    `cairn_request_ms_sum{${labels}} ${Math.round(sumMs)}`,
    `cairn_request_ms_count{${labels}} ${count}`,
  ]);
  return ['# TYPE cairn_request_ms histogram', ...lines];
}

function valueLines(counters: ReadonlyMap<string, number>, gauges: ReadonlyMap<string, () => number>): string[] {
  return [
    ...[...counters].flatMap(([name, value]) => [`# TYPE ${name} counter`, `${name} ${value}`]),
    ...[...gauges].flatMap(([name, read]) => [`# TYPE ${name} gauge`, `${name} ${read()}`]),
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  ];
}
