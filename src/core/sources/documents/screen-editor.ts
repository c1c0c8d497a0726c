// What editors with windows of their own have in common: whether one can be opened here, and which files go together.

import { statSync } from 'node:fs';

import { findOnPath, startDetached } from '../host/start-detached.ts';
import type { Host, RestoreContext } from '../source.ts';
import type { OpenTarget } from './restore-documents.ts';

/** Files of one call. */
const MAX_FILES_AT_ONCE = 40;

/** Why nothing can be opened, as a sentence; null where it can. */
export function whyNoScreenEditor(host: Host, title: string, programs: readonly string[]): string | null {
  if (findProgram(host, programs) === null) return `${title} is not installed here.`;
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']) || host.platform !== 'linux';
  return hasScreen ? null : 'There is no screen to open it on.';
}

/** Starts it, or tells the one that runs. @throws Error with why not */
export async function runScreenEditor(
  { host, signal }: Pick<RestoreContext, 'host' | 'signal'>,
  programs: readonly string[],
  calls: readonly (readonly string[])[],
): Promise<void> {
  const program = findProgram(host, programs);
  if (program === null) throw new Error('it is not installed here');
  for (const words of calls) {
    signal.throwIfAborted();
    await startDetached(program, words, host.env);
  }
}

/** The folder that was open with these files, if it is still there. */
export function folderOf(targets: readonly OpenTarget[]): string | null {
  const folder = targets.find(({ cwd }) => cwd !== undefined)?.cwd;
  return folder?.startsWith('/') === true && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
    ? folder
    : null;
}

/** In parts that a command line takes, what was in front last, so that it is in front again. */
export function inParts(targets: readonly OpenTarget[]): OpenTarget[][] {
  const ordered = targets.toSorted((a, b) => Number(a.isActive) - Number(b.isActive));
  const parts: OpenTarget[][] = [];
  for (let at = 0; at < ordered.length; at += MAX_FILES_AT_ONCE) parts.push(ordered.slice(at, at + MAX_FILES_AT_ONCE));
  return parts;
}

function findProgram(host: Host, programs: readonly string[]): string | null {
  return findOnPath(programs, host.env['PATH'] ?? '');
}
