import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readGivenSecret, unlock } from '../../src/cli/password.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import type { VaultSecret } from '../../src/core/vault/vault-client.ts';
import type { Prompter } from '../../src/cli/terminal/prompter.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
let warnings: string[];

beforeEach(() => {
  folder = makeTemporaryFolder();
  warnings = [];
});
afterEach(() => folder[Symbol.dispose]());

function fileOf(content: string | Buffer, mode = 0o600): string {
  const path = join(folder.path, 'secret');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function depsOf(env: Record<string, string> = {}, prompter: Prompter | null = null) {
  return { env, prompter, warn: (line: string) => warnings.push(line) };
}

function answering(...answers: readonly string[]): Prompter & { readonly said: string[] } {
  const left = [...answers];
  const said: string[] = [];
  return {
    said,
    ask: async () => left.shift() ?? '',
    confirm: async () => true,
    say: (line) => said.push(line),
  };
}

describe('readGivenSecret()', () => {
  it.each([
    ['hunter2\n', 'hunter2'],
    ['hunter2\r\n', 'hunter2'],
    ['hunter2\n\n', 'hunter2\n'],
    ['  spaces stay  ', '  spaces stay  '],
  ])('strips one line end of %j', async (content, text) => {
    expect(await readGivenSecret({ passwordFile: fileOf(content) }, depsOf())).toEqual({ type: 'password', text });
  });

  it('takes the file before the environment, and the recovery key by its own option', async () => {
    const path = fileOf('AAAA-BBBB\n');
    const deps = depsOf({ CAIRN_PASSWORD: 'from the environment' });

    expect(await readGivenSecret({ passwordFile: path }, deps)).toMatchObject({ text: 'AAAA-BBBB' });
    expect(await readGivenSecret({ recoveryKeyFile: path }, deps)).toEqual({ type: 'recovery', text: 'AAAA-BBBB' });
    expect(await readGivenSecret({}, deps)).toEqual({ type: 'password', text: 'from the environment' });
    expect(await readGivenSecret({}, depsOf({ CAIRN_PASSWORD: '' }))).toBeNull();
  });

  it('warns of a file that others can read', async () => {
    await readGivenSecret({ passwordFile: fileOf('hunter2', 0o644) }, depsOf());

    expect(warnings).toEqual([expect.stringContaining('--password-file')]);
  });

  it.each([
    ['a missing file', () => join(folder.path, 'none')],
    ['an empty file', () => fileOf('')],
    ['a huge file', () => fileOf(Buffer.alloc(5000, 65))],
    ['a folder', () => folder.path],
  ])('refuses %s without repeating its path', async (_name, pathOf) => {
    const error: unknown = await readGivenSecret({ passwordFile: pathOf() }, depsOf()).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({ code: 'USAGE_INVALID' });
    expect(String(error)).not.toContain(folder.path);
  });

  it('refuses both kinds of file at once', async () => {
    const both = readGivenSecret({ passwordFile: 'a', recoveryKeyFile: 'b' }, depsOf());

    await expect(both).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});

describe('unlock()', () => {
  const open = async (secret: VaultSecret): Promise<string> => {
    if (secret.type === 'keychain' || secret.text !== 'right')
      throw new AppError('VAULT_WRONG_PASSWORD', 'Wrong password.');
    return 'opened';
  };

  it('says VAULT_LOCKED where nobody can be asked', async () => {
    await expect(unlock({}, depsOf(), async () => 'never')).rejects.toMatchObject({ code: 'VAULT_LOCKED' });
  });

  it('asks a person three times, a script once', async () => {
    const twice = answering('wrong', 'right');

    expect(await unlock({}, depsOf({}, twice), open)).toBe('opened');
    expect(twice.said).toHaveLength(1);
    await expect(unlock({}, depsOf({}, answering('a', 'b', 'c', 'right')), open)).rejects.toMatchObject({
      code: 'VAULT_WRONG_PASSWORD',
    });
    await expect(unlock({}, depsOf({ CAIRN_PASSWORD: 'wrong' }, answering('right')), open)).rejects.toMatchObject({
      code: 'VAULT_WRONG_PASSWORD',
    });
  });

  it('does not ask again where something else went wrong', async () => {
    const damaged = async (): Promise<never> => {
      throw new AppError('VAULT_SLOT_DAMAGED', 'Damaged.');
    };

    await expect(unlock({}, depsOf({}, answering('a', 'right')), damaged)).rejects.toMatchObject({
      code: 'VAULT_SLOT_DAMAGED',
    });
  });
});
