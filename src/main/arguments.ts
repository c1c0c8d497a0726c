// What the desktop app was started with. Whatever else stands there is Chromium's business.

import { parseDeepLink } from './deep-link.ts';

export interface ShellArguments {
  /** The data folder that was named, or null. */
  readonly home: string | null;
  /** Starts without a window: at login. */
  readonly isHidden: boolean;
  /** Where a link leads, or null. */
  readonly path: string | null;
}

export function parseArguments(argv: readonly string[]): ShellArguments {
  const home = argv.find((argument) => argument.startsWith('--home='))?.slice('--home='.length);
  const paths = argv.map(parseDeepLink).filter((path) => path !== null);
  return {
    home: home === undefined || home === '' ? null : home,
    isHidden: argv.includes('--hidden'),
    path: paths[0] ?? null,
  };
}
