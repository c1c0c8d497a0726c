// Gets the programs that the tests run, where it can: with apt, as root, on a Debian. Elsewhere the tests that need a missing program
// are skipped and counted. Never fails the run.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

const APT_TIMEOUT_MS = 240_000;
/** Debian package, and a program that it brings. */
const PACKAGES = [
  ['tmux', 'tmux'],
  ['screen', 'screen'],
  ['git', 'git'],
  ['zsh', 'zsh'],
  ['fish', 'fish'],
  ['vim', 'vim'],
  ['neovim', 'nvim'],
  ['firefox-esr', 'firefox-esr'],
  ['chromium', 'chromium'],
  ['kitty', 'kitty'],
  ['libgl1-mesa-dri', 'kitty'],
  ['xvfb', 'Xvfb'],
  ['xauth', 'xauth'],
  ['dbus', 'dbus-daemon'],
  ['postgresql', 'pg_ctlcluster'],
  ['nginx-light', 'nginx'],
] as const;

/** What the benches work on, and what they compare Cairn with; asked for by `bench`. */
const BENCHED = [
  ['tmux', 'tmux'],
  ['git', 'git'],
  ['chromium', 'chromium'],
  ['postgresql', 'pg_ctlcluster'],
  ['restic', 'restic'],
  ['borgbackup', 'borg'],
] as const;

/** What more runs in the workspace of `npm run fidelity`, and what Cairn is compared with there; asked for by `fidelity`. */
const FIDELITY = [...PACKAGES, ['htop', 'htop'], ['man-db', 'man'], ['procps', 'watch'], ['tmuxp', 'tmuxp']] as const;

const isForBenches = process.argv[2] === 'bench';
const wanted = isForBenches ? BENCHED : process.argv[2] === 'fidelity' ? FIDELITY : PACKAGES;
const missing = wanted.filter(([, program]) => !isInstalled(program)).map(([name]) => name);
if (missing.length > 0) {
  if (canInstall()) install(missing);
  else
    process.stdout.write(
      `Not installed here, so ${isForBenches ? 'some benches do not finish' : 'some tests are skipped'}: ${missing.join(', ')}. As root on Debian they are installed by themselves.\n`,
    );
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && isInstalled('apt-get');
}

function install(names: readonly string[]): void {
  process.stdout.write(`Installing for the ${isForBenches ? 'benches' : 'tests'}: ${names.join(', ')}\n`);
  const run = (args: readonly string[]): boolean =>
    spawnSync('apt-get', args, {
      timeout: APT_TIMEOUT_MS,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  run(['-qq', 'update']);
  if (run(['-qq', '-y', 'install', '--no-install-recommends', ...names])) return;
  // One package that cannot be had must not keep the others away.
  for (const name of names) run(['-qq', '-y', 'install', '--no-install-recommends', name]);
}
