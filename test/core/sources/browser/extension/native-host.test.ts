import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FrameReader, parseFrame, toFrame } from '../../../../../src/core/sources/browser/extension/frames.ts';
import { askExtension, readHost, watchHost } from '../../../../../src/core/sources/browser/extension/host-client.ts';
import { MAX_TO_BROWSER_BYTES, runNativeHost } from '../../../../../src/core/sources/browser/extension/native-host.ts';
import {
  findSockets,
  isPrivateFolder,
  provideRuntimeFolder,
  runtimeFolders,
  socketName,
  type RuntimePlace,
} from '../../../../../src/core/sources/browser/extension/runtime-folder.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../../support/temporary-folder.ts';
import { waitFor } from '../../../../support/test-host.ts';

let temporary: TemporaryFolder;
let place: RuntimePlace;

beforeEach(() => {
  temporary = makeTemporaryFolder();
  place = { platform: 'linux', uid: process.getuid?.() ?? 0, env: { XDG_RUNTIME_DIR: temporary.path } };
});

afterEach(() => {
  temporary[Symbol.dispose]();
});

/** A helper program with the browser's side of it in the test's hands. */
function startHost() {
  const folder = provideRuntimeFolder(place) ?? '';
  const input = new PassThrough();
  const output = new PassThrough();
  const socket = { path: join(folder, socketName(process.pid)), pid: process.pid };
  const ended = runNativeHost({
    input,
    output,
    socketPath: socket.path,
    pid: process.pid,
    browserPid: 1234,
    caller: 'browser@cairn.dev',
  });
  const heard: Readonly<Record<string, unknown>>[] = [];
  const reader = new FrameReader(MAX_TO_BROWSER_BYTES);
  output.on('data', (piece: Buffer) => {
    const reading = reader.push(piece);
    if (reading.result === 'frames') heard.push(...reading.frames.map((frame) => parseFrame(frame) ?? {}));
  });
  return { socket, input, heard, ended, say: (message: object) => input.write(toFrame(JSON.stringify(message))) };
}

const soon = (): AbortSignal => AbortSignal.timeout(5_000);

describe('the helper program', () => {
  it('says what the extension said last, and nothing once the browser has ended', async () => {
    const host = startHost();
    await waitFor('the socket', () => findSockets(place).length === 1);
    expect(await readHost(host.socket, soon())).toMatchObject({ browserPid: 1234, hello: null, snapshot: null });

    host.say({ type: 'hello', probe: 'p' });
    await waitFor('the welcome', () => host.heard.some(({ type }) => type === 'welcome'));
    host.say({ type: 'snapshot', windows: [1] });
    host.say({ type: 'snapshot', windows: [2] });
    await waitFor('the newest', async () => {
      const state = await readHost(host.socket, soon());
      return JSON.stringify(state?.['snapshot']) === '{"type":"snapshot","windows":[2]}';
    });
    expect(await readHost(host.socket, soon())).toMatchObject({ hello: { probe: 'p' }, caller: 'browser@cairn.dev' });

    host.input.end();
    await host.ended;
    expect(existsSync(host.socket.path)).toBe(false);
    expect(await readHost(host.socket, soon())).toBeNull();
  });

  it('leaves nothing on the disk but its socket, which only its owner reaches', async () => {
    const host = startHost();
    host.say({ type: 'snapshot', windows: ['canary'] });
    await waitFor('the socket', () => findSockets(place).length === 1);

    const folder = join(temporary.path, 'cairn');
    expect(readdirSync(folder)).toEqual([socketName(process.pid)]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await waitFor('its mode', () => (statSync(host.socket.path).mode & 0o777) === 0o600);
    host.input.end();
    await host.ended;
  });

  it('tells who watches of each change', async () => {
    const host = startHost();
    await waitFor('the socket', () => findSockets(place).length === 1);
    let changes = 0;
    let hasEnded = false;
    watchHost(host.socket, {
      signal: soon(),
      onChange: () => (changes += 1),
      onEnd: () => {
        hasEnded = true;
      },
    });
    await waitFor('the first change', () => {
      host.say({ type: 'snapshot', windows: [] });
      return changes > 0;
    });

    host.input.end();
    await host.ended;
    await waitFor('the end', () => hasEnded);
  });

  it('hands commands to the extension, and each answer to who asked', async () => {
    const host = startHost();
    await waitFor('the socket', () => findSockets(place).length === 1);
    const asked = [1, 2, 3].map((value) => askExtension(host.socket.path, { value }, soon()));
    await waitFor('the commands', () => host.heard.length === 3);
    for (const { request, command } of host.heard.toReversed()) {
      const { value } = command as { value: number };
      host.say({ type: 'result', request, ok: value !== 2, value, error: 'no' });
    }

    expect(await Promise.allSettled(asked)).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: { message: 'no' } },
      { status: 'fulfilled', value: 3 },
    ]);
    host.input.end();
    await host.ended;
  });

  it('refuses a command that browsers would not take, and goes on', async () => {
    const host = startHost();
    await waitFor('the socket', () => findSockets(place).length === 1);

    // What the browser gets is a little longer than what Cairn says.
    const large = 'x'.repeat(MAX_TO_BROWSER_BYTES - 45);
    await expect(askExtension(host.socket.path, { large }, soon())).rejects.toThrow('it is too much at once');
    await expect(askExtension(host.socket.path, { large: large.repeat(2) }, soon())).rejects.toThrow('broke off');
    expect(await readHost(host.socket, soon())).toMatchObject({ type: 'state' });
    host.input.end();
    await host.ended;
  });

  it.each([
    ['a length that no message has', Buffer.from([255, 255, 255, 255])],
    ['an end within a message', toFrame('{"type":"snapshot"}').subarray(0, 9)],
  ])('ends cleanly at %s', async (_name, bytes) => {
    const host = startHost();
    await waitFor('the socket', () => findSockets(place).length === 1);
    host.input.end(bytes);

    await host.ended;
    expect(existsSync(host.socket.path)).toBe(false);
  });

  it('goes on after what is no message', async () => {
    const host = startHost();
    host.input.write(toFrame('no JSON'));
    host.say({ type: 'unheard-of' });
    host.say({ type: 'result', request: 99, ok: true });
    host.say({ type: 'snapshot', windows: [] });

    await waitFor('the message after', async () => (await readHost(host.socket, soon()))?.['snapshot'] !== null);
    host.input.end();
    await host.ended;
  });

  it('removes sockets of helper programs that were killed, and no others', async () => {
    const folder = provideRuntimeFolder(place) ?? '';
    const dead = join(folder, socketName(4_194_303));
    writeFileSync(dead, '');
    writeFileSync(join(folder, 'browser-x.sock'), '');
    const host = startHost();
    await waitFor('the socket', () => findSockets(place).length === 1);

    expect(readdirSync(folder).toSorted()).toEqual([socketName(process.pid), 'browser-x.sock'].toSorted());
    host.input.end();
    await host.ended;
  });
});

describe('the folder of the sockets', () => {
  it('is looked for where a browser may have made it, the session folder first', () => {
    expect(runtimeFolders({ platform: 'linux', uid: 7, env: { XDG_RUNTIME_DIR: '/run/user/7' } })).toEqual([
      '/run/user/7/cairn',
      '/dev/shm/cairn-7',
    ]);
    expect(runtimeFolders({ platform: 'linux', uid: 7, env: { XDG_RUNTIME_DIR: 'relative' } })).toEqual([
      '/run/user/7/cairn',
      '/dev/shm/cairn-7',
    ]);
  });

  it('is not taken where others can enter it, where it is a link, a file or somebody else’s', () => {
    const open = join(temporary.path, 'open');
    mkdirSync(open);
    chmodSync(open, 0o750);
    const own = join(temporary.path, 'own');
    mkdirSync(own, { mode: 0o700 });
    const link = join(temporary.path, 'link');
    symlinkSync(own, link);
    const file = join(temporary.path, 'file');
    writeFileSync(file, '', { mode: 0o600 });

    expect([own, open, link, file, join(own, 'missing')].map((path) => isPrivateFolder(path, place.uid))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(isPrivateFolder(own, place.uid + 1)).toBe(false);
  });

  it('gives sockets only, under their names', async () => {
    const folder = provideRuntimeFolder(place) ?? '';
    writeFileSync(join(folder, socketName(12)), '');
    symlinkSync('/dev/null', join(folder, socketName(13)));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, socketName(14)), resolve));

    expect(findSockets(place)).toEqual([{ path: join(folder, socketName(14)), pid: 14 }]);
    server.close();
  });
});
