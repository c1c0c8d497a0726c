// What the benches of the sync server run on, in one run: SQLite, and PostgreSQL as it is when it is installed, with the objects in files, as
// docs/self-hosting.md sets up one server, and in the database, as several nodes share them.

import { join } from 'node:path';

import { findPostgres, startPostgres } from '../support/postgres.ts';
import type { Figure } from './measure.ts';

export interface ServerSetting {
  readonly dataFolder: string;
  /** Null: SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly objects: 'database' | 'files';
}

/** @param toFigures gets null where PostgreSQL is not installed: its figures are missing then, and fall short */
export async function measureOnEach<Results>(
  folder: string,
  measure: (setting: ServerSetting) => Promise<Results>,
  toFigures: (name: string, results: Results | null) => Figure[],
): Promise<Figure[]> {
  const sqlite = { dataFolder: join(folder, 'sqlite'), databaseUrl: null, objects: 'database' } as const;
  const figures = toFigures('SQLite', await measure(sqlite));
  const bin = findPostgres();
  const postgres = bin === null ? null : startPostgres(bin, '');
  try {
    for (const objects of ['files', 'database'] as const) {
      const dataFolder = join(folder, `postgres-${objects}`);
      const results =
        postgres === null ? null : await measure({ dataFolder, databaseUrl: postgres.createDatabase(), objects });
      figures.push(...toFigures(`PostgreSQL, objects in ${objects === 'files' ? 'files' : 'it'}`, results));
    }
  } finally {
    postgres?.close();
  }
  return figures;
}
