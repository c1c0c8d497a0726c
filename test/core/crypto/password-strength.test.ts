import { describe, expect, it } from 'vitest';

import {
  assertStrongPassword,
  assessPassword,
  MIN_PASSWORD_LENGTH,
  MIN_PASSWORD_SCORE,
} from '../../../src/core/crypto/password-strength.ts';

describe('assessPassword()', () => {
  it.each([
    ['too short, though hard to guess', 'xK9#pL2$vQ', false, /10 characters; 12 are needed/],
    ['long and one word', 'passwordpassword', false, /./],
    ['a word with digits', 'password1234', false, /./],
    ['a walk over the keyboard', 'qwertyuiopas', false, /./],
    ['one letter again and again', 'aaaaaaaaaaaaaaaa', false, /./],
    ['a name and a year', 'christopher1987', false, /./],
    ['random words', 'correct horse battery staple', true, /^$/],
    ['random characters', 'v8#Kq2!mZ7@x', true, /^$/],
    ['letters of another script', 'мокрый трактор над рекой', true, /^$/],
  ])('%s', async (_what, password, isStrong, warning) => {
    const strength = await assessPassword(password);

    expect(strength.isStrong).toBe(isStrong);
    expect(strength.warning).toMatch(warning);
    expect(strength.score >= MIN_PASSWORD_SCORE || !isStrong).toBe(true);
  });

  it('counts characters, not their bytes', async () => {
    expect(MIN_PASSWORD_LENGTH).toBe(12);
    expect((await assessPassword('🦊🐢🌵🎻🧭🪁🥝🛶🔭🧵🪗')).warning).toMatch(/11 characters/);
  });

  it('answers at once for any length, and refuses what no keyboard typed', async () => {
    expect((await assessPassword('v8#Kq2!mZ7@x'.repeat(300))).isStrong).toBe(true);
    expect(await assessPassword('v8#Kq2!mZ7@x'.repeat(400))).toMatchObject({
      isStrong: false,
      warning: 'It has more than 4096 characters.',
    });
    expect((await assessPassword('')).isStrong).toBe(false);
  });
});

describe('assertStrongPassword()', () => {
  it('says what is weak and what would help, and never the password', async () => {
    const failure = await assertStrongPassword('password1234').catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'VAULT_WEAK_PASSWORD', hint: expect.stringContaining('12 characters') });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('password1234');
    await assertStrongPassword('correct horse battery staple');
  });
});
