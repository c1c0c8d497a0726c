// Tests that need a real program say so here: where it is missing they are skipped, counted and named in the output.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { describe } from 'vitest';

/** Programs that tests use, and the names under which they may be installed. */
const CANDIDATES = {
  tmux: ['tmux'],
  git: ['git'],
  firefox: ['firefox-esr', 'firefox'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  bash: ['bash'],
  zsh: ['zsh'],
  fish: ['fish'],
  xvfb: ['Xvfb'],
  dbus: ['dbus-daemon'],
  vim: ['vim', 'vim.tiny', 'vi'],
  wholeVim: ['vim'],
  nvim: ['nvim'],
  restic: ['restic'],
  borg: ['borg'],
  script: ['script'],
  screen: ['screen'],
  kitty: ['kitty'],
  nginx: ['nginx'],
  openssl: ['openssl'],
  systemdAnalyze: ['systemd-analyze'],
} as const;

export type ProgramName = keyof typeof CANDIDATES;

/** The absolute path of a program, or null where it is not installed. */
export function findProgram(name: ProgramName): string | null {
  for (const candidate of CANDIDATES[name]) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const path = join(folder, candidate);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  return null;
}

/** `describe`, or a skipped one that names what is missing. */
export function describeWith(programs: readonly ProgramName[], name: string, body: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === null);
  if (missing.length === 0) describe(name, body);
  else describe.skip(`${name} (needs ${missing.join(', ')})`, body);
}
