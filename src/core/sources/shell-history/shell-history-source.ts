// The shell history source: the commands that were run, from the hooks of the shell integration, else from the shells' history files.
// Shown and searched, never run: a restore says so.

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { ForgottenTimes, Host, Source, SourceDetection, WatchContext } from '../source.ts';
import { captureShells, countSpools, SHELL_HISTORY, type ShellMemory } from './capture-shells.ts';
import { captureHistoryFiles, forgetRead, listHistoryFiles, type FileMemory } from './history-files.ts';
import { previewCommands } from './preview.ts';
import { isFreshLog, prepareSpoolFolder, spoolFolders } from './spool-folder.ts';

const NOT_RUN = 'History is shown, not run: there is nothing to bring back.';

export function createShellHistorySource(): Source {
  const shells: ShellMemory = new Map();
  const files: FileMemory = new Map();
  const forgotten: ForgottenTimes[] = [];
  return {
    id: SHELL_HISTORY,
    title: 'Shell history',
    kinds: ['terminal'],
    readsPaths: false,
    detect: async (host) => detectHistory(host),
    capture: async (context) => {
      const live = captureShells(context, shells, forgotten);
      const read = captureHistoryFiles(context, files, forgotten);
      return { items: [...live.items, ...read.items], problems: [...live.problems, ...read.problems], closed: [] };
    },
    forget: (times) => {
      forgotten.push(times);
      for (const state of shells.values()) state.forget();
      forgetRead(files);
    },
    watch: watchSpools,
    preview: previewCommands,
    planRestore: async (items) => items.map(planStep),
    // No step of this source is ever planned, so there is none to carry out.
    applyRestore: noSteps,
    undoRestore: async ({ key }) => ({ key, action: 'show-history', status: 'skipped', detail: NOT_RUN }),
  };
}

function detectHistory(host: Host): SourceDetection {
  const spools = countSpools({ host });
  const files = listHistoryFiles(host);
  const parts = [
    ...(spools === 0 ? [] : [`${spools} shell${spools === 1 ? '' : 's'} with the integration`]),
    ...(files.length === 0 ? [] : [`history ${files.length === 1 ? 'file' : 'files'} of ${files.join(', ')}`]),
  ];
  return { isPresent: parts.length > 0, summary: parts.length === 0 ? 'no shell history found' : parts.join('; ') };
}

/** Hears of each command that a hook notes. */
async function watchSpools(context: WatchContext): Promise<void> {
  prepareSpoolFolder(context.host);
  watchFolders({
    roots: spoolFolders(context.host),
    isRelevant: isFreshLog,
    signal: context.signal,
    onChange: () => context.onChange(),
  });
}

function planStep({ key }: SnapshotItem): PlannedStep {
  return { key, source: SHELL_HISTORY, action: 'show-history', status: 'skipped', detail: NOT_RUN, payload: null };
}

async function* noSteps(): AsyncIterable<StepResult> {
  // Nothing.
}
