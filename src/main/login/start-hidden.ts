// A start at login opens no window. Where the keychain may open the vault, it does, so that captures begin with the day; what was lost
// before is told then, and that nothing is captured is told where it cannot be opened.

import { toPlainError } from '../../shared/model/app-error.ts';
import type { Keychain } from '../../core/api/keychain.ts';
import type { Notifier } from '../notices/notifier.ts';
import type { ShellSession } from '../shell-session.ts';

export interface HiddenStartDeps {
  readonly session: ShellSession;
  readonly keychain: Keychain;
  readonly notifier: Notifier;
  readonly show: () => void;
}

/** Never rejects: whatever fails here, the window asks for the password as always. */
export async function openAtHiddenStart({ session, keychain, notifier, show }: HiddenStartDeps): Promise<void> {
  const tell = (body: string): void => notifier.show({ title: 'Cairn', body, onClick: show });
  try {
    const bytes = (await keychain.has()) ? await keychain.read() : null;
    // Locked and silent is told by the one who tells trouble.
    if (bytes === null) return;
    await session.unlock({ type: 'keychain', bytes });
    const prompt = await session.restorePrompt();
    if (prompt !== null) tell(`${countLost(prompt.missing)} open before and not now. Click to bring it back.`);
  } catch (error) {
    tell(toPlainError(error).message);
  }
}

function countLost(missing: Readonly<Record<string, number | undefined>>): string {
  const count = Object.values(missing).reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return count === 1 ? '1 thing was' : `${count} things were`;
}
