import { beforeEach, describe, expect, it } from 'vitest';

import {
  exclusionKindOf,
  listExclusionSettings,
  parseRuleText,
  planExclusions,
  readExclusionRules,
  writeExclusionRules,
} from '../../../src/core/config/exclusion-settings.ts';
import { NO_EXCLUSIONS } from '../../../src/core/capture/rules/exclusion-rules.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import { FakeVault } from '../../support/fake-vault.ts';

const context = {
  environment: { homeDir: '/home/dev', platform: 'linux', realPath: (path: string) => path },
  sourceIds: [parseSourceId('tmux')],
} as const;
let vault: FakeVault;

beforeEach(() => {
  vault = new FakeVault();
});

describe('exclusion settings', () => {
  it('are sealed in the vault, by kind', async () => {
    await writeExclusionRules(vault, { kind: 'urls', rules: ['bank.example'] }, context);
    await writeExclusionRules(vault, { kind: 'sources', rules: ['tmux'] }, context);

    expect(await readExclusionRules(vault)).toEqual({ ...NO_EXCLUSIONS, urls: ['bank.example'], sources: ['tmux'] });
    expect((await listExclusionSettings(vault)).map(({ key, value }) => [key, value])).toEqual([
      ['exclude.sources', ['tmux']],
      ['exclude.paths', []],
      ['exclude.urls', ['bank.example']],
      ['exclude.commands', []],
    ]);
  });

  it.each([
    { kind: 'paths', rules: ['relative'] },
    { kind: 'urls', rules: ['a@b'] },
    { kind: 'commands', rules: ['*'] },
    { kind: 'sources', rules: ['firefox'] },
  ] as const)('refuse $kind $rules and keep what was', async ({ kind, rules }) => {
    await writeExclusionRules(vault, { kind: 'urls', rules: ['bank.example'] }, context);

    await expect(writeExclusionRules(vault, { kind, rules }, context)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    expect(await readExclusionRules(vault)).toEqual({ ...NO_EXCLUSIONS, urls: ['bank.example'] });
  });

  it('are refused, never ignored, where they were stored by a version that knows more', async () => {
    await vault.writeSetting('exclusions', { hosts: ['a'] });

    await expect(readExclusionRules(vault)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('can be tried without being stored', async () => {
    const { exclusion } = await planExclusions(vault, { kind: 'paths', rules: ['~/private'] }, context);

    expect(exclusion.path('/home/dev/private/a')).toBe(true);
    expect(await readExclusionRules(vault)).toEqual(NO_EXCLUSIONS);
  });

  it('have keys of their own', () => {
    expect([exclusionKindOf('exclude.urls'), exclusionKindOf('exclude.hosts'), exclusionKindOf('redaction')]).toEqual([
      'urls',
      null,
      null,
    ]);
  });
});

describe('parseRuleText()', () => {
  it.each([
    { text: 'a.example, b.example', rules: ['a.example', 'b.example'] },
    { text: 'a.example\nb.example\n', rules: ['a.example', 'b.example'] },
    { text: '["a.example"]', rules: ['a.example'] },
    { text: 'none', rules: [] },
    { text: ' ', rules: [] },
  ])('reads $text', ({ text, rules }) => {
    expect(parseRuleText('urls', text)).toEqual(rules);
  });

  it('refuses half a list', () => {
    expect(() => parseRuleText('urls', '["a.example"')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
