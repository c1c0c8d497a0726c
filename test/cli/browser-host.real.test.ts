// The helper program as browsers start it: a process of its own, found by its script, that speaks on its standard streams.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FrameReader, parseFrame, toFrame } from '../../src/core/sources/browser/extension/frames.ts';
import { readHost } from '../../src/core/sources/browser/extension/host-client.ts';
import { socketName } from '../../src/core/sources/browser/extension/runtime-folder.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/test-host.ts';

const SCRIPT = fileURLToPath(new URL('../../bin/cairn-browser-host', import.meta.url));
const CALLER = 'chrome-extension://agmllhcimmilhkinficnchmcnilinknm/';
const START_MS = 20_000;

let folder: TemporaryFolder;
let child: ChildProcessWithoutNullStreams | null = null;

beforeEach(() => {
  folder = makeTemporaryFolder();
});

afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
  folder[Symbol.dispose]();
});

/** Starts it with nothing in its environment that a browser would not give it. */
function start(script: string, runtimeDir: string): ChildProcessWithoutNullStreams {
  child = spawn(script, [CALLER], { env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtimeDir } });
  return child;
}

function socketOf({ pid = 0 }: ChildProcessWithoutNullStreams): { readonly path: string; readonly pid: number } {
  return { path: join(folder.path, 'cairn', socketName(pid)), pid };
}

function ended(process: ChildProcessWithoutNullStreams): Promise<number | null> {
  return new Promise((resolve) => process.once('close', resolve));
}

describe('bin/cairn-browser-host', () => {
  it('answers with what it was told, says nothing else to the browser, and ends with it', async () => {
    // A link to it, as installations make them, finds the program too.
    const link = join(folder.path, 'link');
    symlinkSync(SCRIPT, link);
    const host = start(link, folder.path);
    const pieces: Buffer[] = [];
    host.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    host.stdin.write(toFrame('{"type":"hello"}'));
    host.stdin.write(toFrame('{"type":"snapshot","windows":[]}'));
    await waitFor('the welcome', () => pieces.length > 0, START_MS);
    const state = await readHost(socketOf(host), AbortSignal.timeout(5_000));
    host.stdin.end();

    expect(await ended(host)).toBe(0);
    expect(state).toMatchObject({ pid: host.pid, browserPid: process.pid, caller: CALLER, snapshot: { windows: [] } });
    const reading = new FrameReader(1_000).push(Buffer.concat(pieces));
    expect(reading.result === 'frames' && reading.frames.map(parseFrame)).toEqual([{ type: 'welcome' }]);
    expect(existsSync(socketOf(host).path)).toBe(false);
  });

  it('takes its socket away when it is told to end', async () => {
    const host = start(SCRIPT, folder.path);
    await waitFor('the socket', () => existsSync(socketOf(host).path), START_MS);
    host.kill('SIGTERM');

    expect(await ended(host)).toBe(0);
    expect(existsSync(socketOf(host).path)).toBe(false);
  });

  it('does not use a folder that others can enter', async () => {
    mkdirSync(join(folder.path, 'cairn'));
    chmodSync(join(folder.path, 'cairn'), 0o755);
    const host = start(SCRIPT, folder.path);
    host.stdin.write(toFrame('{"type":"hello"}'));
    const end = ended(host);
    // It answers from another place, or not at all where there is none.
    await Promise.race([new Promise((resolve) => host.stdout.once('data', resolve)), end]);

    expect(existsSync(socketOf(host).path)).toBe(false);
    host.stdin.end();
    await end;
  });
});
