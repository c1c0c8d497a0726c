// What only the desktop app can do for its window.

import { AppError } from '../../shared/model/app-error.ts';
import type { ApiDeps, DesktopPort } from './api-deps.ts';
import { os } from './handlers.ts';

const done = { ok: true as const };

export function desktopHandlers({ desktop }: ApiDeps) {
  const port = (): DesktopPort => {
    if (desktop === null)
      throw new AppError('USAGE_INVALID', 'A browser cannot do this.', { hint: 'Use the desktop app.' });
    return desktop;
  };
  return {
    installUpdate: os.desktop.installUpdate.handler(async () => {
      await port().installUpdate();
      return done;
    }),
    // A browser has nothing to protect its page with: that is no failure of the page's.
    protect: os.desktop.protect.handler(async ({ input }) => {
      desktop?.protect(input.isOn);
      return done;
    }),
    chooseVault: os.desktop.chooseVault.handler(async ({ input }) => ({ path: await port().chooseVault(input.what) })),
  };
}
