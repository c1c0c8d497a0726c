// Real browsers in a folder of the test: a screen, a bus, pages to show, and the extension in a profile.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';

import type { Host } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeTestHost } from '../../../support/test-host.ts';

export const EXTENSION_DIR = fileURLToPath(new URL('../../../../resources/browser-extension', import.meta.url));
/** Answers the first request with another address. */
const MOVED = 'moved';

export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--password-store=basic',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];
export const CHROMIUM_EXTENSION_ARGS = [
  ...CHROMIUM_ARGS,
  '--disable-features=DisableLoadExtensionCommandLineSwitch',
  `--load-extension=${EXTENSION_DIR}`,
];

export class BrowserWorkshop {
  readonly folder: TemporaryFolder;
  readonly asked = new Set<string>();
  readonly #children: ChildProcess[] = [];
  #host: Host | null = null;
  #server: Server | null = null;

  private constructor() {
    this.folder = makeTemporaryFolder();
  }

  static async open(): Promise<BrowserWorkshop> {
    const workshop = new BrowserWorkshop();
    workshop.#host = makeTestHost(workshop.folder.path, {
      DISPLAY: await workshop.#startScreen(),
      XDG_RUNTIME_DIR: workshop.folder.path,
      DBUS_SESSION_BUS_ADDRESS: await workshop.#startBus(),
    });
    await workshop.#startServer();
    return workshop;
  }

  get host(): Host {
    if (this.#host === null) throw new Error('the workshop is not open');
    return this.#host;
  }

  get origin(): string {
    const address = this.#server?.address() as AddressInfo | undefined; // it listens on a port
    return `http://127.0.0.1:${address?.port}`;
  }

  start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { env: { ...this.host.env }, stdio: 'ignore', detached: true });
    this.#children.push(child);
    return child;
  }

  /** Kills a browser with all of its processes, as a crash of the machine would. */
  kill(browser: ChildProcess): void {
    killTree(browser.pid ?? 0);
    this.#killLeftovers();
  }

  /** A Firefox profile that `profiles.ini` names, with these preferences. */
  makeFirefoxProfile(name: string, prefs: Readonly<Record<string, unknown>> = {}): string {
    const root = join(this.host.homeDir, '.mozilla/firefox');
    const dir = join(root, name);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(root, 'profiles.ini'), `[Profile0]\nName=${name}\nIsRelative=1\nPath=${name}\nDefault=1\n`);
    const all = {
      'browser.sessionstore.interval': 500,
      'browser.shell.checkDefaultBrowser': false,
      'datareporting.policy.dataSubmissionEnabled': false,
      'app.update.enabled': false,
      'browser.aboutwelcome.enabled': false,
      'toolkit.telemetry.enabled': false,
      'network.captive-portal-service.enabled': false,
      'browser.startup.homepage_override.mstone': 'ignore',
      ...prefs,
    };
    const lines = Object.entries(all).map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`);
    writeFileSync(join(dir, 'user.js'), lines.join(''));
    return dir;
  }

  async close(): Promise<void> {
    for (const child of this.#children.splice(0)) killTree(child.pid ?? 0);
    this.#killLeftovers();
    await new Promise((resolve) => this.#server?.close(resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    this.folder[Symbol.dispose]();
  }

  /** A virtual screen of the test's own; gives its name. */
  #startScreen(): Promise<string> {
    const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    this.#children.push(screen);
    return new Promise((resolve, reject) => {
      screen.once('error', reject);
      screen.stdout.once('data', (bytes: Buffer) => resolve(`:${bytes.toString().trim()}`));
    });
  }

  /** A session bus of the test's own: a running Firefox is reached over it. */
  #startBus(): Promise<string> {
    const address = `unix:path=${join(this.folder.path, 'bus')}`;
    const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1', `--address=${address}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    this.#children.push(bus);
    return new Promise((resolve, reject) => {
      bus.once('error', reject);
      bus.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
    });
  }

  async #startServer(): Promise<void> {
    const server = createServer((request, response) => {
      const name = (request.url ?? '/').slice(1);
      this.asked.add(name);
      if (name === MOVED) {
        response.writeHead(302, { location: '/arrived' }).end();
        return;
      }
      response.setHeader('content-type', 'text/html');
      response.setHeader('set-cookie', [
        `session=canary-cookie-${name}`,
        `canary-cookie-${name}=canary-value; Max-Age=86400`,
      ]);
      response.end(
        `<title>Page ${name}</title><form><input name=q autofocus value=""></form><script>document.querySelector('input').value='canary-typed'</script>`,
      );
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  /** Whatever still names the test's folder: a browser that a restore started. */
  #killLeftovers(): void {
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        // The bus outlives its browsers, as a session's does: the next one is reached over it.
        if (words.includes(this.folder.path) && !words.startsWith('dbus-daemon')) process.kill(Number(name), 'SIGKILL');
      } catch {
        // gone already
      }
    }
  }
}

/** Has a Chromium that was started with `--remote-debugging-port=0` evaluate an expression in its extension. */
export async function evaluateInChromium(dataDir: string, expression: string): Promise<unknown> {
  const [port] = readFileSync(join(dataDir, 'DevToolsActivePort'), 'utf8').split('\n');
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const targets = (await response.json()) as { type: string; url: string; webSocketDebuggerUrl: string }[];
  const worker = targets.find(({ type, url }) => type === 'service_worker' && url.endsWith('/background.js'));
  if (worker === undefined) throw new Error('the extension does not run');
  const socket = new WebSocket(worker.webSocketDebuggerUrl);
  try {
    return await new Promise((resolve, reject) => {
      socket.addEventListener('error', () => reject(new Error('the browser does not answer')));
      socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
        const { id, result } = JSON.parse(data) as { id?: number; result?: { result: { value: unknown } } };
        if (id === 1) resolve(result?.result.value);
      });
      const params = { expression, awaitPromise: true, returnByValue: true };
      socket.addEventListener('open', () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params })));
    });
  } finally {
    socket.close();
  }
}

/** Puts the extension into a Firefox profile for good, as a package that only this kind of Firefox takes unsigned. */
export function addToFirefox(profileDir: string): void {
  const files = ['manifest.json', 'background.js', 'restore.js', 'snapshot.js'];
  const target = join(profileDir, 'extensions/browser@cairn.dev.xpi');
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, toZip(files.map((name) => ({ name, bytes: readFileSync(join(EXTENSION_DIR, name)) }))));
}

/** Takes the package unsigned, turns it on, and looks for new ones at each start. */
export const FIREFOX_EXTENSION_PREFS = {
  'xpinstall.signatures.required': false,
  'extensions.autoDisableScopes': 0,
  'extensions.startupScanScopes': 1,
};

function killTree(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** A zip file whose entries are stored as they are. */
function toZip(entries: readonly { readonly name: string; readonly bytes: Buffer }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0); // version needed
    fields.writeUInt16LE(0x5a21, 8); // a date: 2025-01-01
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), bytes);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, Buffer.from(name));
    offset += 30 + name.length + bytes.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listing, end]);
}
