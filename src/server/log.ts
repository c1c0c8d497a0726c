// Lines of JSON about what happened: facts that are numbers, names of ours and ids, never content, addresses of people, keys or tokens.

export type Facts = Readonly<Record<string, string | number>>;

export interface Log {
  info(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
}

export interface LogOptions {
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}

export function createLog({ write, nowMs }: LogOptions): Log {
  const line = (level: string, event: string, facts: Facts = {}): void =>
    write(`${JSON.stringify({ at: new Date(nowMs()).toISOString(), level, event, ...facts })}\n`);
  return {
    info: (event, facts) => line('info', event, facts),
    error: (event, facts) => line('error', event, facts),
  };
}
