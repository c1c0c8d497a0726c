import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { UnlockPace } from '../../../src/core/unlock/unlock-pace.ts';
import { WrongPasswordFile } from '../../../src/core/unlock/wrong-passwords.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let clock: ManualClock;
let path: string;

beforeEach(() => {
  folder = makeTemporaryFolder();
  clock = new ManualClock();
  path = join(folder.path, 'vault.db.attempts');
});
afterEach(() => folder[Symbol.dispose]());

/** A process that starts anew. */
function startPace(at = path): UnlockPace {
  return new UnlockPace({ clock, file: new WrongPasswordFile(at) });
}

function attempt(pace: UnlockPace, text: string): Promise<string> {
  return pace
    .attempt({ type: 'password', text }, async () => {
      if (text !== 'right') throw new AppError('VAULT_WRONG_PASSWORD', 'Wrong password.');
      return 'opened';
    })
    .catch((error: unknown) => (error instanceof AppError ? error.code : 'other'));
}

async function fail(times: number): Promise<void> {
  for (let made = 0; made < times; made += 1) {
    await clock.advance(60_000);
    expect(await attempt(startPace(), 'wrong')).toBe('VAULT_WRONG_PASSWORD');
  }
}

describe('UnlockPace', () => {
  it('waits longer with each wrong password, whichever process they were tried in, and never more than a minute', async () => {
    const waits: number[] = [];
    for (let made = 0; made < 10; made += 1) {
      await fail(1);
      waits.push(startPace().waitMs());
    }

    expect(waits).toEqual([0, 0, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
  });

  it('refuses even the right password before the wait is over, and then takes it and starts afresh', async () => {
    await fail(3);

    expect(await attempt(startPace(), 'right')).toBe('VAULT_TOO_MANY_ATTEMPTS');
    await clock.advance(2_000);
    expect(await attempt(startPace(), 'right')).toBe('opened');
    expect(existsSync(path)).toBe(false);
    expect(startPace().failures()).toBe(0);
  });

  it('lets the recovery key and the keychain in at any time', async () => {
    await fail(9);
    const pace = startPace();

    expect(await pace.attempt({ type: 'recovery', text: 'key' }, async () => 'opened')).toBe('opened');
    expect(await pace.attempt({ type: 'keychain', bytes: new Uint8Array(32) }, async () => 'opened')).toBe('opened');
    expect(pace.waitMs()).toBe(60_000);
  });

  it('keeps nobody out for longer than a minute when the wall clock is set back', async () => {
    await fail(9);
    clock.jumpWall(-86_400_000);

    expect(startPace().waitMs()).toBe(60_000);
    await clock.advance(60_000);
    expect(startPace().waitMs()).toBe(0);
  });

  it('waits on in the same process when the file is removed', async () => {
    const pace = startPace();
    for (let made = 0; made < 3; made += 1) await attempt(pace, 'wrong');
    new WrongPasswordFile(path).clear();

    expect(pace.waitMs()).toBe(2_000);
    expect(pace.failures()).toBe(3);
  });

  it('paces by memory where nothing can be written', async () => {
    const pace = startPace(join(folder.path, 'missing', 'file'));
    for (let made = 0; made < 3; made += 1) await attempt(pace, 'wrong');

    expect(await attempt(pace, 'right')).toBe('VAULT_TOO_MANY_ATTEMPTS');
  });

  it('takes a file that says something else for many attempts, once', async () => {
    for (const text of ['0 attempts, honestly\n', '-5\n', '\0'.repeat(100_000)]) {
      writeFileSync(path, text);
      expect(startPace().waitMs(), text.slice(0, 20)).toBe(60_000);
      await clock.advance(60_000);
      expect(await attempt(startPace(), 'right')).toBe('opened');
    }
  });

  it('writes times and nothing of a password, for the owner alone, and does not grow', async () => {
    await fail(80);

    expect(readFileSync(path, 'latin1')).toMatch(/^(?:\d+\n){64}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
