import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';

import { openStore } from '../../src/server/store/store.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-store-'));
  folders.push(folder);
  return folder;
}

const open = (dataFolder: string, databaseUrl: string | null = null) =>
  openStore({ dataFolder, databaseUrl, onTrouble: () => undefined });

describe('openStore()', () => {
  it('opens what it made, and changes nothing in it', async () => {
    const folder = newFolder();
    await (await open(folder)).close();
    const store = await open(folder);

    expect(await store.isReady()).toBe(true);
    await store.close();
    expect(await store.isReady()).toBe(false);
  });

  it('refuses a database of a newer server, in words', async () => {
    const folder = newFolder();
    await (await open(folder)).close();
    const file = new Database(join(folder, 'cairn-server.db'));
    file.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', 'x')");
    file.close();

    await expect(open(folder)).rejects.toMatchObject({
      code: 'SERVER_DATABASE',
      message: expect.stringContaining('newer'),
    });
  });

  it('says that a database cannot be reached, without its password', async () => {
    const error = await open(newFolder(), 'postgres://cairn:canary@127.0.0.1:1/none').catch(
      (caught: unknown) => caught,
    );

    expect(error).toMatchObject({ code: 'SERVER_DATABASE', isRetryable: true });
    expect(String(error)).not.toContain('canary');
  });
});
