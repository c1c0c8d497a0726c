import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { BLOCK_END, BLOCK_START } from '../../../../src/core/sources/shell-history/hook-block.ts';
import { entriesAfter, readHistoryFile } from '../../../../src/core/sources/shell-history/read-history-file.ts';
import { parseBashHistory } from '../../../../src/core/sources/shell-history/parse-history-file.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { hasSharedMemory, HistoryWorkshop } from './spool-workshop.ts';

const BASH = 'shell-history:file:bash';
const ZSH = 'shell-history:file:zsh';
const FISH = 'shell-history:file:fish';

describe.skipIf(!hasSharedMemory)('history files', () => {
  let shop: HistoryWorkshop;
  let file: string;

  beforeEach(async () => {
    shop = await HistoryWorkshop.open();
    file = join(shop.host.homeDir, '.bash_history');
  });

  afterEach(() => shop[Symbol.asyncDispose]());

  it('of all three shells are kept and left as they are', async () => {
    const places = {
      '.bash_history': 'bash_history',
      '.zsh_history': 'zsh_history',
      '.local/share/fish/fish_history': 'fish_history',
    };
    for (const [place, name] of Object.entries(places)) {
      const path = join(shop.host.homeDir, place);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, readFileSync(new URL(`../../../fixtures/shell/${name}`, import.meta.url)));
    }
    const before = statSync(file);

    await shop.capture();

    expect(await shop.lines(BASH)).toHaveLength(7);
    expect(await shop.commands(ZSH)).toContainEqual({ command: 'sleep 2', atMs: 1_795_206_833_000, durationMs: 2_000 });
    expect(await shop.lines(FISH)).toContain('for i in 1 2\necho $i; end');
    expect(statSync(file)).toMatchObject({ mtimeMs: before.mtimeMs, ino: before.ino, size: before.size });
  });

  it('are read on where they were left, in this run and in the next', async () => {
    writeFileSync(file, 'ls\n secret\nls\n');
    await shop.capture();
    appendFileSync(file, 'ls\nmake\n');
    await shop.capture();
    await shop.restart();
    appendFileSync(file, 'make\nhalf a li');
    await shop.capture();
    appendFileSync(file, 'ne\n');
    await shop.capture();

    expect(await shop.lines(BASH)).toEqual(['ls', 'ls', 'ls', 'make', 'make', 'half a line']);
  });

  it('that are written anew in another place, shorter, lose nothing and double nothing', async () => {
    writeFileSync(file, 'one\ntwo\nthree\nfour\n');
    await shop.capture();
    writeFileSync(`${file}.new`, 'three\nfour\nfive\n');
    renameSync(`${file}.new`, file);
    await shop.capture();

    expect(await shop.lines(BASH)).toEqual(['one', 'two', 'three', 'four', 'five']);
  });

  it('stay in the vault when the file is gone or the integration takes over', async () => {
    writeFileSync(file, 'one\n');
    await shop.capture();
    writeFileSync(join(shop.host.homeDir, '.bashrc'), `${BLOCK_START}\n. x\n${BLOCK_END}\n`);
    appendFileSync(file, 'two\n');
    await shop.capture();

    expect(await shop.lines(BASH)).toEqual(['one']);
  });

  it('come again where the capture before could not be saved', async () => {
    writeFileSync(file, 'one\n');
    shop.isBroken = true;
    await shop.capture().catch(() => undefined);
    shop.isBroken = false;
    appendFileSync(file, 'two\n');
    await shop.capture();

    expect(await shop.lines(BASH)).toEqual(['one', 'two']);
  });

  it('do not bring back what was forgotten', async () => {
    writeFileSync(file, 'old\n');
    await shop.capture();
    await shop.capture();
    const capturedSinceMs = shop.clock.nowMs() + 1;
    appendFileSync(file, 'captured\n');
    await shop.capture();
    shop.source.forget?.({ sinceMs: 0, untilMs: Date.now() });
    await shop.vault.forget(capturedSinceMs, {});
    appendFileSync(file, 'new\n');
    await shop.capture();

    expect(await shop.lines(BASH)).toEqual(['old', 'new']);
  });

  it('that cannot be read are a gap, and what was kept of them stays', async () => {
    writeFileSync(file, 'one\n');
    await shop.capture();
    renameSync(file, `${file}.old`);
    mkdirSync(file);

    const { gaps } = await shop.capture();

    expect(gaps).toMatchObject([{ reason: 'unreadable', key: BASH }]);
    expect(await shop.lines(BASH)).toEqual(['one']);
  });
});

describe('readHistoryFile()', () => {
  it('gives every command once, however the file grows', () => {
    const word = fc.stringMatching(/^[a-z]{1,6}$/);
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 6 }), (batches) => {
        using folder = makeTemporaryFolder();
        const file = join(folder.path, 'history');
        writeFileSync(file, '');
        let position = null;
        const seen: string[] = [];
        for (const batch of batches) {
          appendFileSync(file, batch.map((line) => `${line}\n`).join(''));
          const reading = readHistoryFile(file, parseBashHistory, position);
          position = reading.position;
          seen.push(...reading.entries.map(({ command }) => command));
        }
        expect(seen).toEqual(batches.flat());
      }),
      { numRuns: 40 },
    );
  });
});

describe('entriesAfter()', () => {
  it('goes by time where every entry has one', () => {
    const entries = [5, 6, 8].map((atMs) => ({ command: 'make', atMs }));

    expect(entriesAfter(entries, { tail: [], lastAtMs: 7 })).toEqual([{ command: 'make', atMs: 8 }]);
  });

  it('takes all where nothing of the known is left', () => {
    expect(entriesAfter([{ command: 'a' }], { tail: ['none'], lastAtMs: 0 })).toEqual([{ command: 'a' }]);
  });
});
