// Windows of Codex in terminals, told from their command lines.

import { readArguments, readWorkingDirectory, type ProcessInfo, type ProcessPlace } from '../host/proc.ts';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Commands that are no window, or hold their conversation themselves. */
const OTHER_COMMANDS = new Set(
  (
    'exec e review login logout mcp mcp-server plugin app-server remote-control completion update doctor sandbox debug apply a queue ' +
    'archive delete migrate-rollouts migrate-nfs-db unarchive cloud exec-server features help'
  ).split(' '),
);

export interface CodexClient {
  readonly process: ProcessInfo;
  readonly cwd: string | null;
  /** `own`: it began with a conversation that was opened with it; `unknown`: it may show any. */
  readonly kind: 'own' | 'unknown';
  /** The conversation that it was told to go on with. */
  readonly resumedId: string | null;
}

/** The windows that run in terminals now. */
export function findClients(place: ProcessPlace, processes: readonly ProcessInfo[]): CodexClient[] {
  return processes
    .filter(({ name, ttyNumber }) => name === 'codex' && ttyNumber !== 0)
    .flatMap((process): CodexClient[] => {
      const words = readArguments(place, process.pid).slice(1);
      const cwd = readWorkingDirectory(place.procDir, process.pid)?.path ?? null;
      const command = words.find((word) => OTHER_COMMANDS.has(word) || ['resume', 'fork', 'agents'].includes(word));
      if (command !== undefined && OTHER_COMMANDS.has(command)) return [];
      const resumedId = command === 'resume' ? (words.find((word) => ID.test(word)) ?? null) : null;
      const isUnknown =
        command === 'agents' || words.includes('--remote') || (command === 'resume' && resumedId === null);
      return [{ process, cwd, kind: isUnknown ? 'unknown' : 'own', resumedId }];
    });
}

/** True for the process that holds the conversations of all windows. */
export function isBackgroundProcess(place: ProcessPlace, pid: number): boolean {
  return readArguments(place, pid).includes('--managed-daemon');
}
