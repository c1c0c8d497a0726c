// What `npm start` runs after the build: the desktop app where its program is here or can be fetched and there is a display to show it
// on; else the same face in a browser, and one line that says so.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const FETCH_WITHIN_MS = 60_000;
const PASSED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

export interface StartFacts {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** Electron's program, or null where it is not here. */
  readonly findElectron: () => string | null;
  /** Tries to fetch it. */
  readonly fetchElectron: () => void;
}

export type Start =
  | { readonly shell: 'desktop'; readonly program: string }
  | { readonly shell: 'serve'; readonly why: string };

/** Decides which face it is. */
export function chooseShell({ platform, env, findElectron, fetchElectron }: StartFacts): Start {
  if (!hasDisplay(platform, env)) return { shell: 'serve', why: 'there is no display for the desktop app' };
  const present = findElectron();
  if (present !== null) return { shell: 'desktop', program: present };
  fetchElectron();
  const fetched = findElectron();
  if (fetched !== null) return { shell: 'desktop', program: fetched };
  return { shell: 'serve', why: 'Electron is not here and could not be fetched' };
}

function hasDisplay(platform: NodeJS.Platform, env: Environment): boolean {
  if (platform === 'darwin' || platform === 'win32') return true;
  return [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((name) => name !== undefined && name !== '');
}

/** The package's own way of naming it would fetch what is missing, without an end. */
function findElectron(folder: string): string | null {
  const name = join(folder, 'path.txt');
  if (!existsSync(name)) return null;
  const program = join(folder, 'dist', readFileSync(name, 'utf8').trim());
  return existsSync(program) ? program : null;
}

function fetchElectron(folder: string): void {
  process.stderr.write('cairn: fetching Electron, once\n');
  spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: FETCH_WITHIN_MS });
}

function run(program: string, programArguments: readonly string[]): void {
  const child = spawn(program, programArguments, { stdio: 'inherit' });
  for (const name of PASSED_SIGNALS) process.on(name, () => child.kill(name));
  child.on('error', (error) => {
    process.stderr.write(`cairn: could not be started (${error.message})\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const electron = join(root, 'node_modules', 'electron');
  const start = chooseShell({
    platform: process.platform,
    env: process.env,
    findElectron: () => findElectron(electron),
    fetchElectron: () => fetchElectron(electron),
  });
  const passed = process.argv.slice(2);
  if (start.shell === 'desktop') run(start.program, [root, ...passed]);
  else {
    process.stderr.write(`cairn: ${start.why}; showing Cairn in the browser instead\n`);
    run(join(root, 'bin', 'cairn'), ['serve', ...passed]);
  }
}
