// The WezTerm source: windows, tabs and panes of every WezTerm of the user, by `wezterm cli`. Written from its documentation and tested on
// a program that stands in for it.

import { readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import type { Source } from '../source.ts';
import { previewTerminal } from '../terminal/preview.ts';
import { applyTerminals, planTerminals, undoTerminal } from '../terminal/restore-terminals.ts';
import { captureWezterm } from './wezterm-capture.ts';
import { WEZTERM } from './wezterm-facts.ts';
import { findWezterms } from './wezterm-instances.ts';
import { createWeztermRestorer } from './wezterm-restore.ts';

export function createWeztermSource(): Source {
  return {
    id: WEZTERM,
    title: 'WezTerm',
    kinds: ['terminal'],
    readsPaths: false,
    detect: async (host) => {
      const panes = findWezterms(host, indexProcesses(readProcesses(host))).flatMap(({ shells }) => shells).length;
      if (panes === 0) return { isPresent: false, summary: 'no WezTerm is running' };
      return { isPresent: true, summary: `${panes} pane${panes === 1 ? '' : 's'}` };
    },
    capture: captureWezterm,
    preview: previewTerminal,
    planRestore: async (items, context) => planTerminals(createWeztermRestorer(context.host), items, context),
    applyRestore: (steps, context) => applyTerminals(createWeztermRestorer(context.host), steps, context),
    undoRestore: (result, context) => undoTerminal(createWeztermRestorer(context.host), result, context),
  };
}
