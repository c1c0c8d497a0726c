// The shell source: terminals that no multiplexer keeps. Linux only, since nowhere else /proc tells.

import type { Source } from '../source.ts';
import { undoTmuxStep } from '../tmux/tmux-undo.ts';
import { previewPlainTerminal } from './preview.ts';
import { captureTerminals, countTerminals, SHELL } from './shell-capture.ts';
import { applyShellRestore, planShellRestore } from './shell-restore.ts';

export function createShellSource(): Source {
  return {
    id: SHELL,
    title: 'Plain terminals',
    kinds: ['terminal'],
    readsPaths: false,
    detect: async (host) => {
      const found = countTerminals(host);
      const summary =
        found === 0 ? 'no terminal is open outside of tmux' : `${found} terminal${found === 1 ? '' : 's'}`;
      return { isPresent: found > 0, summary };
    },
    capture: async ({ host }) => ({ items: captureTerminals(host), problems: [], closed: [] }),
    preview: async (item) => previewPlainTerminal(item),
    planRestore: async (items, context) => planShellRestore(items, context),
    applyRestore: applyShellRestore,
    undoRestore: undoTmuxStep,
  };
}
