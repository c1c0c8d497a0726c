// Starts the shell of a restored terminal: shows the old text, goes to the folder, leaves a mark by which the terminal is known again,
// and becomes the shell that ran there. Nothing of a snapshot but the name of a known shell is an argument or read by a shell as its own
// text: it waits in private files, which the start removes.

import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { MARK_VARIABLE } from './program-facts.ts';
import { writeOldText } from './old-text.ts';

const POLL_EVERY_MS = 10;
const START_PATIENCE_MS = 5_000;
const STARTED = /^(\d{1,10})\n(\d{0,10})\n(\/dev\/[A-Za-z0-9/]+)\n(.*)\n$/;

/** A folder may end in line ends, which `$(...)` would take away: hence the `x`. */
const SCRIPT = `
here=\${0%/*}
folder=$(cat -- "$here/folder"; printf x)
cd -- "\${folder%x}" 2>/dev/null
export ${MARK_VARIABLE}="$$ $(cat -- "$here/identity")"
printf '%s\\n' "$$" "\${WINDOW:-}" "$(tty)" "\${STY:-}" >"$here/starting"
mv -- "$here/starting" "$here/started"
if [ -n "$1" ]; then cat -- "$1" 2>/dev/null; rm -f -- "$1"; fi
if [ -n "$2" ] && command -v -- "$2" >/dev/null 2>&1; then exec "$2"; fi
exec "\${SHELL:-/bin/sh}"
`;

export interface ShellStartRequest {
  readonly cwd: string;
  /** See `otherShell`; empty for the user's own. */
  readonly shell: string;
  readonly identity: string;
  /** Old text to show first; empty for none. */
  readonly text: Uint8Array;
  readonly takenAtMs: number;
}

export interface StartedShell {
  readonly pid: number;
  readonly tty: string;
  /** Its window and session, as GNU screen tells its shells; empty elsewhere. */
  readonly window: string;
  readonly session: string;
}

export interface ShellStart {
  /** What the new terminal is to run: words of ours alone. */
  readonly argv: readonly string[];
  /** The old text, until it is shown. */
  readonly file: string | null;
  /** Waits until it runs; null where it does not. */
  wait(signal: AbortSignal): Promise<StartedShell | null>;
  /** Removes all files but the text that is being shown. */
  clean(): void;
  /** Removes everything: nothing was started. */
  remove(): void;
}

/** Lays the files out in this private folder. */
export function prepareShellStart(scratchDir: string, request: ShellStartRequest): ShellStart {
  const folder = join(scratchDir, `start-${randomUUID()}`);
  mkdirSync(folder, { mode: 0o700 });
  const write = (name: string, content: string): void =>
    writeFileSync(join(folder, name), content, { mode: 0o600, flag: 'wx' });
  write('start', SCRIPT);
  write('folder', request.cwd);
  write('identity', request.identity);
  const file = request.text.length === 0 ? null : writeOldText(scratchDir, request.text, request.takenAtMs);
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  return {
    argv: ['sh', join(folder, 'start'), file ?? '', request.shell],
    file,
    wait: (signal) => waitForStart(join(folder, 'started'), signal),
    clean,
    remove: () => {
      clean();
      if (file !== null) rmSync(file, { force: true });
    },
  };
}

async function waitForStart(file: string, signal: AbortSignal): Promise<StartedShell | null> {
  const deadlineMs = performance.now() + START_PATIENCE_MS;
  while (!signal.aborted && performance.now() < deadlineMs) {
    const started = parseStarted(readIfThere(file));
    if (started !== null) return started;
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  return parseStarted(readIfThere(file));
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not started yet
  }
}

/** Parses what the start wrote. */
function parseStarted(text: string): StartedShell | null {
  const [, pid, window = '', tty = '', session = ''] = STARTED.exec(text) ?? [];
  return pid === undefined ? null : { pid: Number(pid), window, tty, session };
}
