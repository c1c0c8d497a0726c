// The kitty source: windows, tabs and OS windows of every kitty on whose Unix socket the user allowed remote control.

import { readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import type { Host, Source, SourceDetection } from '../source.ts';
import { previewTerminal } from '../terminal/preview.ts';
import { applyTerminals, planTerminals, undoTerminal } from '../terminal/restore-terminals.ts';
import { captureKitty } from './kitty-capture.ts';
import { KITTY } from './kitty-facts.ts';
import { findKitties } from './kitty-instances.ts';
import { createKittyRestorer } from './kitty-restore.ts';

export function createKittySource(): Source {
  const told = new Set<string>();
  return {
    id: KITTY,
    title: 'kitty',
    kinds: ['terminal'],
    readsPaths: false,
    detect: async (host) => detectKitty(host),
    capture: (context) => captureKitty(context, told),
    preview: previewTerminal,
    planRestore: async (items, context) => planTerminals(createKittyRestorer(context.host), items, context),
    applyRestore: (steps, context) => applyTerminals(createKittyRestorer(context.host), steps, context),
    undoRestore: (result, context) => undoTerminal(createKittyRestorer(context.host), result, context),
  };
}

function detectKitty(host: Host): SourceDetection {
  const kitties = findKitties(host, indexProcesses(readProcesses(host)));
  const windows = kitties.reduce((sum, { shells }) => sum + shells.length, 0);
  if (windows === 0) return { isPresent: false, summary: 'no kitty is running' };
  const isReachable = kitties.some(({ remote }) => remote !== null);
  const count = `${windows} window${windows === 1 ? '' : 's'}`;
  return {
    isPresent: isReachable,
    summary: isReachable ? count : `${count}, of which only folder and program are known without remote control`,
  };
}
