// Logging in and joining by a code, as a shell sees it, against a real server: the account's password is typed on the server's page only.

import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { signUp, startTestServer, type TestServer } from '../../support/sync-server.ts';
import { ACCOUNT_PASSWORD, EMAIL } from '../../support/sync-services.ts';
import { openSpawnedCairn, type SpawnedCairn, type SpawnedResult } from '../spawned-cli.ts';

describe('cairn sync with --code', () => {
  let server: TestServer;
  let laptop: SpawnedCairn;
  let desktop: SpawnedCairn;

  beforeAll(async () => {
    server = await startTestServer();
    await signUp(server.address, EMAIL);
    laptop = openSpawnedCairn();
    desktop = openSpawnedCairn();
    const keyFile = join(laptop.folder, 'key.txt');
    const made = await laptop.run(['init', '--sources', 'tmux', '--recovery-key-file', keyFile, '--json']);
    expect(made.stderr).toBe('');
  });

  afterAll(async () => {
    laptop[Symbol.dispose]();
    desktop[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  async function enter(address: string, userCode: string): Promise<number> {
    const body = new URLSearchParams({ userCode, email: EMAIL, password: ACCOUNT_PASSWORD });
    return (await fetch(address, { method: 'POST', body })).status;
  }

  /** Runs a command that shows a code, and enters it once it does. */
  async function runWithCode(cairn: SpawnedCairn, ...argv: readonly string[]): Promise<SpawnedResult> {
    const entered = Promise.withResolvers<number>();
    let shown = '';
    const running = cairn.run([...argv, '--json'], {
      env: { CAIRN_ACCOUNT_PASSWORD: undefined },
      onStart: ({ stderr }) =>
        stderr.on('data', (bytes: Buffer) => {
          shown += bytes.toString('utf8');
          const [, userCode = '', address = ''] = /Enter the code (\S+) at (\S+), on/.exec(shown) ?? [];
          if (userCode === '') return;
          shown = '';
          enter(address, userCode).then(entered.resolve, entered.reject);
        }),
    });
    const result = await running;
    expect(result.stderr).toContain('Enter the code');
    expect(await entered.promise).toBe(200);
    return result;
  }

  it('[S32] logs in, and makes everything level', { timeout: 60_000 }, async () => {
    const { exitCode, stdout, stderr } = await runWithCode(
      laptop,
      ...['sync', 'login', server.address, '--code', '--name', 'laptop'],
    );

    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/It is good for 10 minutes\./)]);
    expect(JSON.parse(stdout)).toMatchObject({
      isOn: true,
      account: { server: server.address, email: EMAIL },
      device: { name: 'laptop' },
      waiting: { snapshots: 0, entries: 0 },
      error: null,
    });
  });

  it('[S6] joins as one more device', { timeout: 60_000 }, async () => {
    const joined = await runWithCode(desktop, 'sync', 'join', server.address, '--code', '--name', 'desktop');
    const now = await desktop.run(['sync', 'now', '--json']);
    const devices = await desktop.run(['sync', 'devices', '--json']);

    expect([joined.exitCode, JSON.parse(joined.stdout)]).toEqual([0, { joined: true, home: desktop.home }]);
    expect(JSON.parse(now.stdout)).toMatchObject({ isOn: true, account: { email: EMAIL }, error: null });
    expect(JSON.parse(devices.stdout)).toMatchObject({ devices: [{ name: 'desktop' }, { name: 'laptop' }] });
  });

  it('ends by a signal while nobody enters the code', { timeout: 60_000 }, async () => {
    const waiting = await laptop.run(['sync', 'login', server.address, '--code'], {
      onStart: (child) =>
        child.stderr.on('data', (bytes) => String(bytes).includes('good for') && child.kill('SIGINT')),
    });

    expect(waiting.exitCode).toBe(1);
    expect(waiting.stderr).toContain('Cancelled');
  });

  it.each(['--email', '--account-password-file'])('takes no %s beside it', async (option) => {
    const argv = ['sync', 'login', 'https://sync.example.org', '--code', option, 'x'];

    const { exitCode, stderr } = await laptop.run(argv);

    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("entered on the server's page")]);
  });
});
