// What an item of a terminal says of its program and of itself, the same for every program that keeps terminals (tmux has more).

import { z } from 'zod';

import type { JsonObject } from '../../../shared/model/json.ts';
import { readBootId, readProcessVariable, type ProcessInfo } from '../host/proc.ts';
import type { TerminalProgram } from '../host/proc-terminal.ts';
import type { Host } from '../source.ts';

/**
 * Set by a restore in the shell that it starts: the shell's own process number and the identity of the terminal that it brings back.
 * The number keeps what the shell starts, and so inherits it, from being taken for that terminal.
 */
export const MARK_VARIABLE = 'CAIRN_TERMINAL';
const MARK = /^(\d{1,10}) ([0-9a-f-]{1,80})$/;

const words = z.array(z.string());

export const programFactsSchema = z.object({
  /** Names the terminal for good: boot, process number and start. A restored one bears that of the one it brought back. */
  identity: z.string().regex(/^[0-9a-f-]{1,80}$/),
  cwd: z.string(),
  shell: z.string().optional(),
  argv: words.optional(),
  /** What follows in its pipeline, by position: an object, so that a rule that matches one of them hides the whole. */
  pipeline: z.record(z.string(), z.object({ argv: words })).optional(),
  isArgvExact: z.boolean().optional(),
});
export type ProgramFacts = z.infer<typeof programFactsSchema>;

/** The identity of the terminal whose first process this is. */
export function readIdentity(host: Host, leader: ProcessInfo): string {
  const mark = MARK.exec(readProcessVariable(host.procDir, leader.pid, MARK_VARIABLE) ?? '');
  const kept = mark !== null && Number(mark[1]) === leader.pid ? mark[2] : undefined;
  return kept ?? `${readBootId(host.procDir)}-${leader.pid}-${leader.startTime}`;
}

/** The program's part of the attributes; null where its folder cannot be told: then it has ended meanwhile. */
export function programAttributes(program: TerminalProgram): JsonObject | null {
  const { shell, cwd, argv, pipeline } = program;
  if (cwd === null) return null;
  return {
    cwd,
    shell,
    ...(argv.length > 0 ? { argv: [...argv] } : {}),
    ...(pipeline.length > 0
      ? { pipeline: Object.fromEntries(pipeline.map((part, at) => [String(at + 2), { argv: [...part] }])) }
      : {}),
    ...(program.isArgvExact ? {} : { isArgvExact: false }),
    ...(program.commandCwd === null ? {} : { commandCwd: program.commandCwd }),
    ...(program.isCwdDeleted ? { isCwdDeleted: true } : {}),
  };
}

/** What a person would call it: the program, else the shell. */
export function programName(program: TerminalProgram): string {
  return program.argv[0]?.split('/').at(-1) || program.shell;
}
