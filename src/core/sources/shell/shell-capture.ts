// Plain terminals, those without a multiplexer: told from /proc alone, so there is no text. One item a terminal device: its shell's
// folder and what runs in the foreground.

import { parseItemKey, parseSourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { readBootId, readOwner, readProcesses, readProcessVariable, ttyPath, type ProcessInfo } from '../host/proc.ts';
import {
  indexProcesses,
  isPromptShell,
  readTerminalProgram,
  type ProcessTable,
  type TerminalProgram,
} from '../host/proc-terminal.ts';
import type { Host } from '../source.ts';

export const SHELL = parseSourceId('shell');

/** A terminal is captured by its multiplexer's source, or shows one: then it has nothing of its own. */
const MULTIPLEXER_SERVERS = new Set(['tmux: server', 'screen', 'zellij']);
const MULTIPLEXER_CLIENTS = new Set(['tmux: client', 'tmux', 'screen', 'zellij']);
const MAX_DEPTH = 32;

interface Terminal {
  readonly leader: ProcessInfo;
  readonly tty: string;
  /** The program that shows it: the nearest ancestor without a terminal of its own. */
  readonly emulator: string;
}

/** The plain terminals of the user whose home this is. */
export function captureTerminals(host: Host): readonly CapturedItem[] {
  const table = indexProcesses(readProcesses(host));
  const bootId = readBootId(host.procDir);
  return findTerminals(host, table).flatMap((terminal) => {
    const program = readTerminalProgram(host, terminal.leader, table);
    const showsMultiplexer = (table.byGroup.get(terminal.leader.foregroundGroup) ?? []).some(({ name }) =>
      MULTIPLEXER_CLIENTS.has(name),
    );
    // Without a folder there is nothing to go back to: another user's shell, or one that has just ended.
    if (program.cwd === null || showsMultiplexer) return [];
    return [toItem(terminal, program, program.cwd, bootId)];
  });
}

/** How many there are, without reading what they do. */
export function countTerminals(host: Host): number {
  return findTerminals(host, indexProcesses(readProcesses(host))).length;
}

function findTerminals(host: Host, table: ProcessTable): Terminal[] {
  return table.all.flatMap((leader) => {
    const tty = leader.pid === leader.sessionId && !leader.isZombie ? ttyPath(leader.ttyNumber) : null;
    if (tty === null || readOwner(host.procDir, leader.pid) !== host.uid) return [];
    const ancestors = ancestorsOf(leader, table);
    if (ancestors.some(({ name }) => MULTIPLEXER_SERVERS.has(name))) return [];
    // A script or a desktop may lead a terminal too; another home is another workspace.
    if (!isPromptShell(host, leader)) return [];
    if (readProcessVariable(host.procDir, leader.pid, 'HOME') !== host.homeDir) return [];
    const emulator = ancestors.find(({ ttyNumber }) => ttyNumber !== leader.ttyNumber)?.name ?? '';
    return [{ leader, tty, emulator }];
  });
}

function ancestorsOf(process: ProcessInfo, table: ProcessTable): ProcessInfo[] {
  const ancestors: ProcessInfo[] = [];
  let at = table.byPid.get(process.parentPid);
  while (at !== undefined && ancestors.length < MAX_DEPTH) {
    ancestors.push(at);
    at = table.byPid.get(at.parentPid);
  }
  return ancestors;
}

/** The key is the device: a pid would make each terminal of each day another item. */
function toItem(
  { leader, tty, emulator }: Terminal,
  program: TerminalProgram,
  cwd: string,
  bootId: string,
): CapturedItem {
  const { argv, pipeline } = program;
  const attributes: JsonObject = {
    tty,
    // Pids are given anew after a reboot: the boot makes them a name for good.
    identity: `${bootId}-${leader.pid}-${leader.startTime}`,
    emulator,
    shell: program.shell,
    cwd,
    isIdle: argv.length === 0,
    ...(argv.length > 0 ? { argv: [...argv] } : {}),
    ...(pipeline.length > 0
      ? { pipeline: Object.fromEntries(pipeline.map((part, at) => [String(at + 2), { argv: part }])) }
      : {}),
    ...(program.isArgvExact ? {} : { isArgvExact: false }),
    ...(program.isCwdDeleted ? { isCwdDeleted: true } : {}),
  };
  const what = argv[0]?.split('/').at(-1) ?? program.shell;
  return {
    key: parseItemKey(`shell:${tty.replace(/^\/dev\//, '')}`),
    kind: 'terminal',
    source: SHELL,
    group: emulator,
    title: `${what} in ${cwd.split('/').at(-1) || '/'}`,
    attributes,
    streams: [],
  };
}
