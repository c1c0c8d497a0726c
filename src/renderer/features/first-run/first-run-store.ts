// What the first run knows between its steps. The recovery key stands here, in memory only, from when it is made until it was
// confirmed.

import { create } from 'zustand';

import { fromContractError } from '../../../shared/contract/errors.ts';
import type { AppError } from '../../../shared/model/app-error.ts';
import { api } from '../../client/client.ts';
import { useStatus } from '../../stores/status.ts';
import { setSetup, useUi } from '../../stores/ui.ts';

interface FirstRunStore {
  readonly recoveryKey: string | null;
  readonly isCreating: boolean;
  readonly error: AppError | null;
}

export const useFirstRun = create<FirstRunStore>(() => ({ recoveryKey: null, isCreating: false, error: null }));

/** Makes the vault, and goes on to its recovery key. */
export async function createVault(password: string): Promise<void> {
  useFirstRun.setState({ isCreating: true, error: null });
  // The core says that the vault is open before it gives the key: where the setup stands must be known by then.
  useUi.setState({ hasLoaded: true, setup: 'recovery-key' });
  try {
    const { recoveryKey } = await api.vault.create({ password });
    useFirstRun.setState({ recoveryKey, isCreating: false });
    setSetup('recovery-key');
  } catch (error) {
    useFirstRun.setState({ isCreating: false, error: fromContractError(error) });
    // Made, and the answer was lost: the next step makes another key.
    if (useStatus.getState().status?.vault === 'unlocked') setSetup('recovery-key');
    else useUi.setState({ hasLoaded: false, setup: undefined });
  }
}

/** Makes a recovery key in place of one that nobody has seen to the end. */
export async function replaceRecoveryKey(password: string): Promise<void> {
  const { recoveryKey } = await api.keys.replaceRecoveryKey({ current: password });
  useFirstRun.setState({ recoveryKey });
}

/** Forgets the recovery key. */
export function wipeRecoveryKey(): void {
  useFirstRun.setState({ recoveryKey: null });
}
