// The entry of the helper program that browsers start for the extension (`bin/cairn-browser-host`). Standard output belongs to the browser: nothing
// else is ever written there.

import { join } from 'node:path';
import process from 'node:process';

import { runNativeHost } from '../../core/sources/browser/extension/native-host.ts';
import { provideRuntimeFolder, socketName } from '../../core/sources/browser/extension/runtime-folder.ts';

await main();

async function main(): Promise<void> {
  // What is made from here on is this user's alone from its first moment.
  process.umask(0o077);
  const { platform, env, pid, ppid } = process;
  const folder = provideRuntimeFolder({ platform, env, uid: process.getuid?.() ?? -1 });
  if (folder === null) {
    process.stderr.write('cairn: there is no private runtime folder for the browser extension.\n');
    process.exit(1);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.stdin.destroy());
  await runNativeHost({
    input: process.stdin,
    output: process.stdout,
    socketPath: join(folder, socketName(pid)),
    pid,
    browserPid: ppid,
    caller: process.argv.slice(2).at(-1) ?? '',
  });
  process.exit(0);
}
