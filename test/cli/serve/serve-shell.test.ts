import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { startServeShell, type ServeShell } from '../../../src/cli/serve/serve-shell.ts';
import { readStaticFiles } from '../../../src/cli/serve/static-files.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { exchange } from '../../fuzz/sockets/exchange.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';

let folder: TemporaryFolder;
let test: TestSession;
let shell: ServeShell;
let origin: string;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  mkdirSync(join(folder.path, 'assets'));
  writeFileSync(join(folder.path, 'index.html'), '<!doctype html><title>Cairn</title>');
  writeFileSync(join(folder.path, 'assets', 'app.js'), 'export {};');
  writeFileSync(join(folder.path, 'secret.key'), 'no');
  test = makeTestSession({ clock: systemClock });
  shell = await startServeShell({
    session: test.session,
    router: test.router,
    version: '0.0.0',
    pid: 1_000_001,
    port: 0,
    rendererFolder: folder.path,
  });
  origin = `http://127.0.0.1:${shell.port}`;
});
afterEach(async () => {
  await shell.close();
  await test[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function codeOf(address: string): string {
  return new URLSearchParams(new URL(address).hash.slice(1)).get('code') ?? '';
}

function login(code: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = JSON.stringify({ code });
  return fetch(`${origin}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

async function cookie(): Promise<string> {
  const response = await login(codeOf(shell.newAddress()));
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** What becomes of a connection: the status that refused it, or open. */
function upgrade(path: string, headers: Readonly<Record<string, string>>): Promise<number | 'open'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${shell.port}${path}`, { headers: { ...headers } });
    socket.on('open', () => {
      resolve('open');
      socket.close();
    });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => resolve(0));
  });
}

describe('the login', () => {
  it('trades a code for a cookie once, and the code stands where no server sees it', async () => {
    const address = shell.newAddress();
    expect(new URL(address).search).toBe('');
    const first = await login(codeOf(address));
    expect(first.status).toBe(200);
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict$/);
    expect((await login(codeOf(address))).status).toBe(403);
    expect((await login('')).status).toBe(403);
    expect((await login('x'.repeat(5_000))).status).toBe(403);
  });

  it('lets a browser that is logged in load the page again', async () => {
    expect((await login('', { cookie: await cookie() })).status).toBe(200);
  });

  it('gives a new address to whoever has the token only', async () => {
    expect((await fetch(`${origin}/session/address`, { method: 'POST' })).status).toBe(403);
  });
});

describe('the WebSocket', () => {
  it('opens for a page of this server with its cookie', async () => {
    expect(await upgrade('/rpc', { origin, cookie: await cookie() })).toBe('open');
  });

  it.each([
    ['no cookie', '/rpc', (own: string) => ({ origin: own })],
    ['a wrong cookie', '/rpc', (own: string) => ({ origin: own, cookie: `cairn-1=${'x'.repeat(43)}` })],
    ['no origin', '/rpc', (_: string, good: string) => ({ cookie: good })],
    ['a foreign origin', '/rpc', (_: string, good: string) => ({ origin: 'https://evil.example', cookie: good })],
    ['a rebinding name', '/rpc', (own: string, good: string) => ({ origin: own, cookie: good, host: 'evil.example' })],
    ['another path', '/other', (own: string, good: string) => ({ origin: own, cookie: good })],
  ])('is refused with %s', async (_, path, headers) => {
    expect(await upgrade(path, headers(origin, await cookie()))).toBe(403);
  });

  it.each([
    ['no message', 'not a message', 1007],
    ['another shape', '{}', 1007],
    ['a call without an address', '{"i":"1","p":{}}', 1007],
    ['an address elsewhere', '{"i":"1","p":{"u":"http://evil.example/"}}', 1007],
    ['bytes', Buffer.from([1, 2, 3]), 1007],
    ['too much at once', 'x'.repeat(2 * 1024 * 1024), 1006],
  ])('cuts off %s, and goes on for others', async (_, message, code) => {
    const good = await cookie();
    const socket = new WebSocket(`ws://127.0.0.1:${shell.port}/rpc`, { headers: { origin, cookie: good } });
    await new Promise((resolve) => socket.on('open', resolve));
    socket.on('error', () => undefined);
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.send(message);
    expect([code, 1009]).toContain(await closed);
    expect(await upgrade('/rpc', { origin, cookie: good })).toBe('open');
  });

  it('cuts off a window that floods', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${shell.port}/rpc`, { headers: { origin, cookie: await cookie() } });
    await new Promise((resolve) => socket.on('open', resolve));
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    for (let at = 0; at < 2_000; at += 1) socket.send('{"i":"1","t":4}');
    expect(await closed).toBe(1008);
  });
});

describe('the pages', () => {
  it('are served for every address of the app, with a strict policy, and nothing else is', async () => {
    for (const path of [
      '/',
      '/snapshot/0123456789abcdef',
      '/settings/keys',
      '/item/tmux%3Amain%3A1.0',
      '/secret.key',
    ]) {
      const response = await fetch(`${origin}${path}`);
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
      expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
      expect(response.headers.get('x-frame-options')).toBe('DENY');
    }
    expect((await fetch(`${origin}/assets/app.js`)).headers.get('content-type')).toMatch(/javascript/);
    expect(await (await fetch(`${origin}/secret.key`)).text()).toMatch(/^<!doctype html>/);
    expect((await fetch(`${origin}/assets/none.js`)).status).toBe(404);
    expect((await fetch(`${origin}/assets/..%2f..%2fpackage.json`)).status).toBe(404);
  });

  it.each(['//', '///x', '/\\\\', 'http://', '/%', '//[', '*'])(
    'are served, or are not there, at %s too',
    async (path) => {
      const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${shell.port}\r\nConnection: close\r\n\r\n`;

      const { answer } = await exchange(shell.port, Buffer.from(head), {});

      expect([200, 400, 404]).toContain(answer?.status);
    },
  );

  it('say so where the window was not built', () => {
    expect(() => readStaticFiles(join(folder.path, 'none'))).toThrow(expect.objectContaining({ code: 'EXEC_FAILED' }));
  });
});
