// Waits until the shell of a terminal that has just started edits lines: what is typed before would be shown twice.

import { existsSync } from 'node:fs';

import type { Host } from '../source.ts';

const POLL_EVERY_MS = 20;
const STTY_TIMEOUT_MS = 1_000;

export interface StartingTerminal {
  readonly tty: string;
  /** The old text that it prints before its shell starts. */
  readonly file: string | null;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** On `performance.now()`'s clock. */
  readonly deadlineMs: number;
}

/** Resolves once the terminal's shell edits lines, or at the deadline: then it has no line editor, or is slow to start. */
export async function waitForPrompt(
  host: Host,
  terminal: StartingTerminal,
  { signal, deadlineMs }: WaitOptions,
): Promise<void> {
  while (!signal.aborted && performance.now() < deadlineMs) {
    const hasPrinted = terminal.file === null || !existsSync(terminal.file);
    if (hasPrinted && (await editsLines(host, terminal.tty))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}

/** A shell's line editor reads keys one by one, so the terminal is not in its line mode. */
async function editsLines(host: Host, tty: string): Promise<boolean> {
  if (!/^\/dev\/[A-Za-z0-9/]+$/.test(tty)) return false;
  const option = host.platform === 'darwin' ? '-f' : '-F';
  try {
    const { stdout } = await host.run('stty', [option, tty, '-a'], { timeoutMs: STTY_TIMEOUT_MS });
    return /(?:^|\s)-icanon(?:[\s;]|$)/.test(stdout.toString('utf8'));
  } catch {
    return false; // no stty here, or the pane is gone: the deadline ends the wait
  }
}
