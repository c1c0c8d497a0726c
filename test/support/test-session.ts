// A session over a real vault in a temporary folder, with sources that a test writes.

import { join } from 'node:path';

import { createApp, type App } from '../../src/core/app.ts';
import { createApiRouter, type ApiRouter } from '../../src/core/api/router.ts';
import type { DesktopPort } from '../../src/core/api/api-deps.ts';
import type { Keychain } from '../../src/core/api/keychain.ts';
import type { Clock } from '../../src/core/clock.ts';
import { enableSourcesSync } from '../../src/core/config/config.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { AppSession } from '../../src/core/session/session.ts';
import { openInbox } from '../../src/core/vault/inbox-client.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import type { AppEvent } from '../../src/shared/contract/schemas.ts';
import { fakeHost, FakeSource } from './fake-source.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export interface TestSession extends AsyncDisposable {
  readonly home: string;
  readonly app: App;
  readonly clock: Clock;
  readonly tmux: FakeSource;
  readonly firefox: FakeSource;
  session: AppSession;
  router: ApiRouter;
  readonly events: AppEvent[];
  /** Another session over the same folder, as after a start; the one before is closed unless it crashed. */
  restart(how: 'clean' | 'crash'): Promise<void>;
}

export interface TestSessionOptions {
  readonly clock: Clock;
  readonly keychain?: Keychain;
  readonly desktop?: DesktopPort;
  readonly shell?: 'desktop' | 'serve';
}

const VAULTS = {
  open: (options: Parameters<typeof openVault>[0]) => openVault({ ...options, argon2: ARGON2_FLOOR }),
  create: (options: Parameters<typeof createVault>[0]) => createVault({ ...options, argon2: ARGON2_FLOOR }),
};

/** Both sources are on. */
export function makeTestSession(options: TestSessionOptions): TestSession {
  const folder = makeTemporaryFolder();
  const tmux = new FakeSource('tmux');
  const firefox = new FakeSource('firefox', { kinds: ['tab'] });
  const host = fakeHost({ uid: process.getuid?.() ?? 0, platform: process.platform });
  const home = join(folder.path, 'data');
  const app = createApp({ home, host, clock: options.clock, sources: [tmux, firefox], vaults: VAULTS });
  app.prepareFolder();
  enableSourcesSync(app.configPlace, [tmux.id, firefox.id]);
  const events: AppEvent[] = [];
  const crashed: AppSession[] = [];
  let runs = 0;
  const start = (): { session: AppSession; router: ApiRouter } => {
    runs += 1;
    const session = new AppSession({
      app,
      shell: options.shell ?? 'serve',
      version: '0.0.0',
      // A process of its own each time, as far as anybody can see; only the newest one lives.
      pid: 1_000_000 + runs,
      isProcessAlive: (pid) => pid === 1_000_000 + runs,
      openInbox,
      findTerminal: async () => undefined,
    });
    session.on((event) => events.push(event));
    const proveRestore = async (say: (line: string) => void): Promise<boolean> => {
      say('proven');
      return true;
    };
    const { keychain = null, desktop = null } = options;
    return { session, router: createApiRouter({ session, keychain, desktop, proveRestore }) };
  };
  const test: TestSession = {
    home,
    app,
    clock: options.clock,
    tmux,
    firefox,
    events,
    ...start(),
    restart: async (how) => {
      if (how === 'clean') await test.session.close();
      else {
        await test.session.unlocked().app.close();
        crashed.push(test.session);
      }
      Object.assign(test, start());
    },
    [Symbol.asyncDispose]: async () => {
      await test.session.close();
      for (const session of crashed) await session.close();
      folder[Symbol.dispose]();
    },
  };
  return test;
}
