// The vault as a whole: its first password, unlocking and locking; and what is going on, as a status and as events.

import { randomBytes } from 'node:crypto';

import { AppError } from '../../shared/model/app-error.ts';
import type { AppEvent } from '../../shared/contract/schemas.ts';
import { generatePassphrase } from '../crypto/passphrase.ts';
import { assertStrongPassword, assessPassword } from '../crypto/password-strength.ts';
import type { VaultSecret } from '../vault/vault-client.ts';
import type { ApiDeps } from './api-deps.ts';
import { EventQueue, os } from './handlers.ts';

export function vaultHandlers({ session, keychain }: ApiDeps) {
  return {
    status: os.status.handler(async () => session.status()),
    events: os.events.handler(async function* ({ signal }) {
      const queue = new EventQueue<AppEvent>();
      const off = session.on((event) => queue.push(event));
      try {
        yield { type: 'status', status: session.status() };
        yield* queue.events(signal);
      } finally {
        off();
      }
    }),
    vault: {
      checkPassword: os.vault.checkPassword.handler(async ({ input }) => {
        const { score, isStrong, warning, suggestions } = await assessPassword(input.password);
        return {
          score,
          isAccepted: isStrong,
          advice: [warning, ...suggestions].filter((text) => text !== '').join(' '),
        };
      }),
      generatePassphrase: os.vault.generatePassphrase.handler(async () => ({
        passphrase: await generatePassphrase(randomBytes),
      })),
      create: os.vault.create.handler(async ({ input }) => {
        await assertStrongPassword(input.password);
        return session.createVault(input.password);
      }),
      unlock: os.vault.unlock.handler(async ({ input }) => {
        await session.unlock(await secretOf(input));
        return session.status();
      }),
      lock: os.vault.lock.handler(async () => {
        await session.lock();
        return session.status();
      }),
    },
  };

  async function secretOf(
    input: { password: string } | { recoveryKey: string } | { keychain: true },
  ): Promise<VaultSecret> {
    if ('password' in input) return { type: 'password', text: input.password };
    if ('recoveryKey' in input) return { type: 'recovery', text: input.recoveryKey };
    const bytes = (await keychain?.read()) ?? null;
    if (bytes === null)
      throw new AppError('VAULT_LOCKED', 'The keychain holds no key for this vault.', {
        hint: 'Unlock with your password.',
      });
    return { type: 'keychain', bytes };
  }
}
