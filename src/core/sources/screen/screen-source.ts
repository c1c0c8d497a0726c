// The GNU screen source: every session of the user, every window with its text; brought back detached, without running anything.

import { readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import type { Host, RestoreContext, Source, SourceDetection } from '../source.ts';
import { previewTerminal } from '../terminal/preview.ts';
import { applyTerminals, planTerminals, undoTerminal } from '../terminal/restore-terminals.ts';
import { captureScreen } from './screen-capture.ts';
import { SCREEN } from './screen-facts.ts';
import { createScreenRestorer } from './screen-restore.ts';
import { findScreenSessions, windowsOf } from './screen-sessions.ts';

export interface ScreenSourceOptions {
  /** Folders in memory for what screen writes of a window's text. */
  readonly memoryFolders?: readonly string[];
}

export function createScreenSource(options: ScreenSourceOptions = {}): Source {
  const memoryFolders = options.memoryFolders ?? ['/dev/shm'];
  return {
    id: SCREEN,
    title: 'GNU screen',
    kinds: ['terminal'],
    readsPaths: false,
    detect: async (host) => detectScreen(host),
    capture: (context) => captureScreen(context, memoryFolders),
    preview: previewTerminal,
    planRestore: async (items, context) =>
      planTerminals(createScreenRestorer(await isInstalled(context)), items, context),
    applyRestore: (steps, context) => applyTerminals(createScreenRestorer(true), steps, context),
    undoRestore: (result, context) => undoTerminal(createScreenRestorer(true), result, context),
  };
}

function detectScreen(host: Host): SourceDetection {
  const table = indexProcesses(readProcesses(host));
  const { sessions } = findScreenSessions(host, table);
  if (sessions.length === 0) return { isPresent: false, summary: 'no screen session is running' };
  const windows = sessions.reduce((sum, session) => sum + windowsOf(host, session, table).length, 0);
  return { isPresent: true, summary: `${count(windows, 'window')} in ${count(sessions.length, 'session')}` };
}

async function isInstalled({ host, signal }: RestoreContext): Promise<boolean> {
  try {
    // It ends with 0 or 1, whether it runs or not.
    await host.run('screen', ['-v'], { signal });
    return true;
  } catch {
    return false;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
