// The Zellij source: sessions, tabs and panes, by `zellij action`. Written from its documentation and tested on a program that stands in
// for it.

import { readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import type { Host, Source, SourceDetection } from '../source.ts';
import { previewTerminal } from '../terminal/preview.ts';
import { applyTerminals, planTerminals, undoTerminal } from '../terminal/restore-terminals.ts';
import { captureZellij } from './zellij-capture.ts';
import { ZELLIJ } from './zellij-facts.ts';
import { createZellijRestorer } from './zellij-restore.ts';
import { findZellijSessions } from './zellij-sessions.ts';

export function createZellijSource(): Source {
  return {
    id: ZELLIJ,
    title: 'Zellij',
    kinds: ['terminal'],
    readsPaths: false,
    detect: async (host) => detectZellij(host),
    capture: captureZellij,
    preview: previewTerminal,
    planRestore: async (items, context) => planTerminals(createZellijRestorer(context.host), items, context),
    applyRestore: (steps, context) => applyTerminals(createZellijRestorer(context.host), steps, context),
    undoRestore: (result, context) => undoTerminal(createZellijRestorer(context.host), result, context),
  };
}

function detectZellij(host: Host): SourceDetection {
  const sessions = findZellijSessions(host, indexProcesses(readProcesses(host)));
  if (sessions.length === 0) return { isPresent: false, summary: 'no Zellij session is running' };
  const panes = sessions.reduce((sum, { shells }) => sum + shells.size, 0);
  return { isPresent: true, summary: `${count(panes, 'pane')} in ${count(sessions.length, 'session')}` };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
