// What docs/self-hosting.md gives to copy does what it says: the command lines of the unit and of the compose file start a server, systemd
// takes the unit, and devices sync over TLS through nginx as it is configured there.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { pathOf } from '../../src/shared/replication/routes.ts';
import { openSpawnedCairn, type SpawnedCairn } from '../cli/spawned-cli.ts';
import { describeWith, findProgram } from '../support/programs.ts';
import { newVaultId, ReplicaClient } from '../support/replica-client.ts';
import { ACCOUNT_PASSWORD, logIn, signUp, startTestServer } from '../support/sync-server.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/self-hosting.md'), 'utf8');
const EMAIL = 'ann@example.org';
const opened: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** The one block of the page in this language. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`no block of ${language}`);
  return found;
}

function newFolder(): string {
  const folder = makeTemporaryFolder();
  opened.push(() => folder[Symbol.dispose]());
  return folder.path;
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  opened.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it.each([
  { name: 'the systemd unit', line: /^ExecStart=\/opt\/cairn\/(.*)$/m, language: 'ini', data: '/var/lib/cairn' },
  { name: 'the compose file', line: /^ +command: (.*)$/m, language: 'yaml', data: '/data' },
])('the command line of $name starts a server', async ({ line, language, data }) => {
  const words = line.exec(block(language))?.[1]?.split(' ') ?? [];
  expect(words).toContain(data);
  const [command = '', ...args] = words.map((word) => (word === data ? newFolder() : word));

  const server = start(join(ROOT, command), [...args, '--port', '0', '--json']);

  let said = '';
  for await (const piece of server.stdout ?? []) if (/"address"/.test((said += String(piece)))) break;
  const port = /:([0-9]+)"/.exec(said)?.[1];
  expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
  const signUpAnswer = await fetch(`http://127.0.0.1:${port}/v1/auth/sign-up`, {
    method: 'POST',
    headers: { 'cairn-protocol': '1', 'content-type': 'application/json' },
    body: JSON.stringify({ email: EMAIL, password: ACCOUNT_PASSWORD }),
  });
  expect(signUpAnswer.status).toBe(403);
});

it('the compose file waits for the database that is reached by TCP, not for the one that makes it at the first start', () => {
  expect(block('yaml')).toContain('"pg_isready -h 127.0.0.1 -U cairn"');
});

describeWith(['systemdAnalyze'], 'the systemd unit', () => {
  it('has nothing that systemd complains of', () => {
    const unit = join(newFolder(), 'cairn-server.service');
    // The program it starts is not installed here.
    writeFileSync(unit, block('ini').replace('/opt/cairn/bin/cairn', '/bin/true'));

    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });

    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});

describeWith(['nginx', 'openssl'], 'behind nginx', () => {
  interface Proxy {
    readonly address: string;
    readonly certificate: string;
  }

  /** nginx with the page's configuration, but for names and ports, and a certificate of its own. */
  async function startNginx(serverPort: number): Promise<Proxy> {
    const folder = newFolder();
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost';
    spawnSync('openssl', [...request.split(' '), '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const port = await freePort();
    const site = block('nginx')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('server_name sync.example.org', 'server_name localhost')
      .replace(/ssl_certificate .*/, `ssl_certificate ${certificate};`)
      .replace(/ssl_certificate_key .*/, `ssl_certificate_key ${key};`)
      .replace('127.0.0.1:7390', `127.0.0.1:${serverPort}`);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    const configuration = join(folder, 'nginx.conf');
    writeFileSync(
      configuration,
      `pid ${join(folder, 'pid')};\nevents {}\nhttp {\naccess_log off;\n${paths.join('\n')}\n${site}}\n`,
    );
    start(findProgram('nginx') ?? '', [
      ...['-p', folder, '-c', configuration],
      ...['-e', join(folder, 'errors'), '-g', 'daemon off;'],
    ]);
    const address = `https://localhost:${port}`;
    await expect.poll(() => ask(`${address}/health`, certificate).catch(() => null), { timeout: 10_000 }).toBe(200);
    return { address, certificate };
  }

  function ask(url: string, certificate: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      get(url, { ca: readFileSync(certificate), agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
  }

  function openCairn(): SpawnedCairn {
    const cairn = openSpawnedCairn();
    opened.push(() => cairn[Symbol.dispose]());
    return cairn;
  }

  it('devices sync over TLS, with batches larger than nginx takes by itself', async () => {
    await using server = await startTestServer({ isBehindProxy: true });
    const { address, certificate } = await startNginx(server.server.port);
    const env = { CAIRN_ACCOUNT_PASSWORD: ACCOUNT_PASSWORD, NODE_EXTRA_CA_CERTS: certificate };
    const run = async (cairn: SpawnedCairn, ...argv: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await cairn.run(argv, { env });
      expect(exitCode, `${argv.join(' ')}: ${stderr}`).toBe(0);
      return stdout;
    };
    const [one, two] = [openCairn(), openCairn()];
    const project = join(one.folder, '.claude/projects/-work');
    mkdirSync(project, { recursive: true, mode: 0o700 });
    writeFileSync(
      join(project, '00000000-1111-2222-3333-444444444444.jsonl'),
      `{"type":"user","text":"${randomBytes(3_000_000).toString('base64')}"}\n`,
    );
    await run(one, 'init', '--sources', 'claude-code', '--recovery-key-file', join(one.folder, 'recovery.txt'));
    const captured = JSON.parse(await run(one, 'capture', '--json')) as { readonly snapshotId: string };
    await run(one, 'sync', 'login', address, '--sign-up', '--email', EMAIL, '--name', 'one');
    await run(two, 'sync', 'join', address, '--email', EMAIL, '--name', 'two');
    await run(two, 'sync', 'now');

    const listed = await run(two, 'list', '--device', 'one', '--json');

    expect(captured.snapshotId).toMatch(/^[0-9a-f]{16}$/);
    expect(listed).toContain(captured.snapshotId);
  });

  it('notices come at once, and nobody can say that they are somebody else', async () => {
    await using server = await startTestServer({ isBehindProxy: true });
    await signUp(server.address, EMAIL);
    const client = new ReplicaClient(server.address, await logIn(server.address, EMAIL), newVaultId());
    await client.createVault();
    const { address, certificate } = await startNginx(server.server.port);
    const headers = {
      authorization: `Bearer ${client.device.accessToken}`,
      'cairn-protocol': '1',
      'x-forwarded-for': '203.0.113.7',
    };
    let told = '';
    const events = get(
      `${address}${pathOf('events', { vault: client.vault })}`,
      { headers, ca: readFileSync(certificate), agent: false },
      (response) => response.on('data', (piece: Buffer) => (told += piece.toString('utf8'))),
    );
    opened.push(() => events.destroy());
    events.on('error', () => undefined); // it is ended below
    await expect.poll(() => told, { timeout: 10_000 }).toContain('welcome');

    await client.push(client.nextEntry());

    await expect.poll(() => told, { timeout: 10_000 }).toContain('"index":1');
    // A stranger's numbers are for callers of this machine that came through no proxy.
    expect(await ask(`${address}/metrics`, certificate)).toBe(404);
  });
});
