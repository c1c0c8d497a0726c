// The keyring. Whoever changes it has to show that they know the password, even while the vault is open.

import { randomBytes } from 'node:crypto';

import { AppError } from '../../shared/model/app-error.ts';
import { assertStrongPassword } from '../crypto/password-strength.ts';
import { toIso } from '../timeline/views.ts';
import type { ApiDeps } from './api-deps.ts';
import { crossing, os, tellWork } from './handlers.ts';

const KEYCHAIN_SECRET_BYTES = 32;
const done = { ok: true as const };

export function keyHandlers({ session, keychain }: ApiDeps) {
  const nowMs = (): number => session.app.clock.nowMs();
  const confirm = (text: string): Promise<void> => session.confirmSecret({ type: 'password', text });
  return {
    list: os.keys.list.handler(async () => {
      const info = await session.unlocked().app.vault.keys(nowMs());
      return {
        slots: info.slots.map(({ type, createdAtMs, detail, isWhole }) => ({
          type,
          detail,
          isWhole,
          createdAt: toIso(createdAtMs),
        })),
        epoch: info.epoch,
        epochCreatedAt: toIso(info.epochCreatedAtMs),
        rotation: info.rotation === null ? null : { ...info.rotation },
        isRotationAdvised: info.isRotationAdvised,
      };
    }),
    changePassword: os.keys.changePassword.handler(async ({ input }) => {
      const { vault } = session.unlocked().app;
      await confirm(input.current);
      await assertStrongPassword(input.next);
      await vault.changePassword(input.next, nowMs());
      return done;
    }),
    keychain: os.keys.keychain.handler(async () => {
      if (keychain === null)
        return { isAvailable: false, why: 'A browser has no access to the system keychain.', isOn: false };
      const { isAvailable, why } = await keychain.availability();
      // A locked vault cannot say; that something is stored says enough to offer it.
      const isOn = isAvailable && (await keychain.has());
      return { isAvailable, why, isOn };
    }),
    setKeychain: os.keys.setKeychain.handler(async ({ input }) => {
      const { vault } = session.unlocked().app;
      if (keychain === null)
        throw new AppError('USAGE_INVALID', 'There is no keychain here.', { hint: 'Use the desktop app.' });
      await confirm(input.current);
      if (!input.isOn) {
        await vault.setKeychainSecret(null, nowMs());
        await keychain.remove();
        return done;
      }
      const { isAvailable, why } = await keychain.availability();
      if (!isAvailable) throw new AppError('USAGE_INVALID', why, { hint: 'The password works as before.' });
      const secret = randomBytes(KEYCHAIN_SECRET_BYTES);
      // The keychain first: a slot that nobody has the secret of would be of no use.
      await keychain.write(secret);
      await vault.setKeychainSecret(secret, nowMs());
      secret.fill(0);
      return done;
    }),
    replaceRecoveryKey: os.keys.replaceRecoveryKey.handler(async ({ input }) => {
      const { vault } = session.unlocked().app;
      await confirm(input.current);
      return { recoveryKey: await vault.replaceRecoveryKey(nowMs()) };
    }),
    rotate: os.keys.rotate.handler(async function* ({ input, signal }) {
      const { vault } = session.unlocked().app;
      try {
        await confirm(input.current);
      } catch (error) {
        throw crossing(error);
      }
      yield* tellWork((options) => vault.rotate({ ...options, nowMs: nowMs() }), signal);
    }),
  };
}
