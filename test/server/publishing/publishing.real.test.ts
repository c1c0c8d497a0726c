import { afterAll, describe, it } from 'vitest';

import { openStore } from '../../../src/server/store/store.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { tellPublishingStory } from './publishing-story.ts';

const bin = findPostgres();
let postgres: TestPostgres | null = null;

if (bin === null) describe('publishing on PostgreSQL', () => it.skip('PostgreSQL is not installed', () => undefined));
else {
  afterAll(() => postgres?.close());
  tellPublishingStory('PostgreSQL', () => {
    postgres ??= startPostgres(bin);
    return openStore({ dataFolder: '', databaseUrl: postgres.createDatabase(), onTrouble: () => undefined });
  });
}
