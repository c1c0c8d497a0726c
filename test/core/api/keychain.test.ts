// The keychain through the handlers: chosen by who knows the password, and always beside it.

import { createRouterClient } from '@orpc/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../../src/core/clock.ts';
import { makeFakeKeychain, type FakeKeychain } from '../../support/fake-keychain.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

let test: TestSession;
let keychain: FakeKeychain;

beforeEach(async () => {
  keychain = makeFakeKeychain();
  test = makeTestSession({ clock: systemClock, keychain, shell: 'desktop' });
  await test.session.createVault(TEST_PASSWORD);
});
afterEach(() => test[Symbol.asyncDispose]());

describe('the keychain', () => {
  const api = () => createRouterClient(test.router);
  const refused = (code: string) => expect.objectContaining({ data: expect.objectContaining({ code }) as unknown });

  it('opens the vault once it was chosen with the password, and no longer once it was taken back', async () => {
    expect(await api().keys.keychain()).toEqual({ isAvailable: true, why: '', isOn: false });
    await expect(api().keys.setKeychain({ isOn: true, current: 'not this one at all' })).rejects.toThrow(
      refused('VAULT_WRONG_PASSWORD'),
    );
    expect(keychain.stored).toBeNull();
    await api().keys.setKeychain({ isOn: true, current: TEST_PASSWORD });
    const secret = keychain.stored;
    await api().vault.lock();
    expect((await api().vault.unlock({ keychain: true })).vault).toBe('unlocked');

    await api().keys.setKeychain({ isOn: false, current: TEST_PASSWORD });
    expect(keychain.stored).toBeNull();
    await api().vault.lock();
    keychain.stored = secret;
    await expect(api().vault.unlock({ keychain: true })).rejects.toThrow();
    expect((await api().vault.unlock({ password: TEST_PASSWORD })).vault).toBe('unlocked');
  });

  it('is asked for nothing by the unlock screen', async () => {
    await api().keys.setKeychain({ isOn: true, current: TEST_PASSWORD });
    await api().vault.lock();
    expect(await api().keys.keychain()).toMatchObject({ isOn: true });
    expect(keychain.reads).toBe(0);
  });

  it('that lost its secret asks for the password', async () => {
    await test.session.lock();
    await expect(api().vault.unlock({ keychain: true })).rejects.toThrow(refused('VAULT_LOCKED'));
  });
});

describe('rotating the data keys', () => {
  it('is for who knows the password', async () => {
    const rotate = async (current: string): Promise<string[]> => {
      const types: string[] = [];
      for await (const event of await createRouterClient(test.router).keys.rotate({ current })) types.push(event.type);
      return types;
    };
    await expect(rotate('not this one at all')).rejects.toThrow();
    expect((await rotate(TEST_PASSWORD)).at(-1)).toBe('done');
  });
});
