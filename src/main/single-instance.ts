// One desktop app for a data folder: a second start shows the window of the first, and hands its link over.

import type { ElectronApi } from './electron-api.ts';
import { parseArguments } from './arguments.ts';
import { parseDeepLink } from './deep-link.ts';

export interface SingleInstanceDeps {
  readonly app: ElectronApi['app'];
  /** Shows the window; there, the path that a link named. */
  readonly show: (path?: string) => void;
}

/** False where another one runs already: then this one has to end. */
export function setupSingleInstance({ app, show }: SingleInstanceDeps): boolean {
  if (!app.requestSingleInstanceLock()) return false;
  app.on('second-instance', (_event, argv) => {
    const { isHidden, path } = parseArguments(argv);
    if (path !== null) show(path);
    else if (!isHidden) show();
  });
  // macOS hands links over this way.
  app.on('open-url', (event, link) => {
    event.preventDefault();
    const path = parseDeepLink(link);
    if (path !== null) show(path);
  });
  return true;
}
