// Builds the serve shell over a data folder: session, handlers, server. Where one runs already, it gives a new address of that one.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../shared/model/app-error.ts';
import type { App } from '../../core/app.ts';
import type { ApiDeps } from '../../core/api/api-deps.ts';
import { createApiRouter } from '../../core/api/router.ts';
import { AppSession } from '../../core/session/session.ts';
import { startDetached } from '../../core/sources/host/start-detached.ts';
import { findTmuxTerminal } from '../../core/sources/tmux/open-tmux-terminal.ts';
import { openInbox } from '../../core/vault/inbox-client.ts';
import type { RunningShell, ServeOptions } from '../core.ts';
import { findRunningApp } from '../remote/running-app.ts';
import { startServeShell } from './serve-shell.ts';

/** @throws AppError of the port, of the build, of unlocking */
export async function startServe(
  app: App,
  options: ServeOptions,
  proveRestore: ApiDeps['proveRestore'],
): Promise<RunningShell> {
  const { version, pid, isProcessAlive } = options;
  const running = await findRunningApp(app.folder, isProcessAlive);
  if (running !== null) return joinRunning(app, await running.post('/session/address'));
  const session = new AppSession({
    app,
    shell: 'serve',
    version,
    pid,
    isProcessAlive,
    openInbox,
    findTerminal: findTmuxTerminal,
  });
  try {
    session.begin();
    const router = createApiRouter({ session, keychain: null, desktop: null, proveRestore });
    const shell = await startServeShell({
      router,
      session,
      version,
      pid,
      port: options.port,
      rendererFolder: rendererFolder(),
    });
    if (options.secret !== null) {
      await session.unlock(options.secret).catch(async (error: unknown) => {
        await shell.close();
        throw error;
      });
    }
    const address = shell.newAddress();
    return {
      address,
      isAnothers: false,
      openInBrowser: () => openInBrowser(app, address),
      close: async () => {
        await shell.close();
        await session.close();
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function joinRunning(app: App, answer: unknown): RunningShell {
  const address = typeof answer === 'object' && answer !== null && 'address' in answer ? answer.address : null;
  if (typeof address !== 'string')
    throw new AppError('USAGE_INVALID', 'The desktop app runs over this folder already.', { hint: 'Use its window.' });
  return {
    address,
    isAnothers: true,
    openInBrowser: () => openInBrowser(app, address),
    close: async () => undefined,
  };
}

/** In a build the renderer lies beside the program's folder, in the source tree in `out`. */
function rendererFolder(): string {
  const candidates = ['../renderer/', '../../renderer/', '../../../out/renderer/'];
  const paths = candidates.map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)));
  return paths.find((path) => existsSync(`${path}index.html`)) ?? paths.at(-1) ?? '';
}

/** The address goes to the opener as an argument: its code is good once, and for minutes only. */
async function openInBrowser({ host }: App, address: string): Promise<boolean> {
  const opener = host.platform === 'darwin' ? 'open' : 'xdg-open';
  const hasDisplay = host.platform !== 'linux' || Boolean(host.env['DISPLAY'] ?? host.env['WAYLAND_DISPLAY']);
  if (!hasDisplay || host.platform === 'win32') return false;
  try {
    await startDetached(opener, [address], host.env);
    return true;
  } catch {
    return false; // the address is printed anyway
  }
}
