// `cairn mcp`: lets an agent read what was captured, over the Model Context Protocol on standard input and output. Off until allowed.

import process from 'node:process';

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { describeTime, toIso } from '../format/times.ts';
import { readAudit } from '../mcp/audit.ts';
import { readGivenSecret } from '../password.ts';

const SETTING = 'mcp.allowed';
const SHOWN = 100;

export interface McpCommandOptions {
  readonly audit?: boolean;
}

export function setupMcp(command: Command, act: Act): void {
  command
    .option('--audit', 'serve nothing; list what was asked so far')
    .action((options: McpCommandOptions) =>
      act((context) => (options.audit === true ? showAudit(context) : runMcp(context))),
    );
}

/** Serves until the input ends. @throws AppError API_REFUSED, VAULT_MISSING */
export async function runMcp(context: CommandContext): Promise<ExitCode> {
  const { core, signal, nowMs, version } = context;
  if ((await core.readConfig(SETTING, null)) !== true)
    throw new AppError('API_REFUSED', 'Agents may not read what Cairn has captured.', {
      hint: `Allow it with \`cairn config set ${SETTING} on\`: they then read it without secrets, while the vault is unlocked.`,
    });
  const own = await openOwn(context);
  try {
    // Loaded here: no other command needs it.
    const { serveMcp } = await import('../mcp/mcp-server.ts');
    await serveMcp(
      {
        version,
        nowMs,
        stdin: process.stdin,
        stdout: process.stdout,
        onError: (error) => context.out.warn(error.message),
        withOpen: (work) => withOpen(own, work, context),
      },
      signal,
    );
  } finally {
    await own?.close();
  }
  return EXIT_DONE;
}

/** Where a password was given, the vault is opened here; else that of a running app is used, and nobody is asked: the input is not theirs. */
async function openOwn({ globals, env, out, core }: CommandContext): Promise<OpenCore | null> {
  const secret = await readGivenSecret(globals, { env, prompter: null, warn: (line) => out.warn(line) });
  return secret === null ? null : core.open(secret);
}

async function withOpen<Result>(
  own: OpenCore | null,
  work: (open: OpenCore) => Promise<Result>,
  { core, isProcessAlive }: CommandContext,
): Promise<Result> {
  if (own !== null) return work(own);
  const open = await core.connect(isProcessAlive);
  if (open === null)
    throw new AppError('VAULT_LOCKED', 'The vault is locked.', { hint: 'The user has to unlock Cairn first.' });
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}

function showAudit(context: CommandContext): Promise<ExitCode> {
  const { out, nowMs } = context;
  return doneWithVault(context, async ({ vault }) => {
    const calls = (await readAudit(vault)).toReversed().slice(0, SHOWN);
    out.result(
      {
        calls: calls.map(({ atMs, client, tool, arguments: asked }) => ({
          at: toIso(atMs),
          client,
          tool,
          arguments: asked,
        })),
      },
      () =>
        calls.length === 0
          ? ['No agent has asked anything yet.']
          : calls.map(
              ({ atMs, client, tool, arguments: asked }) =>
                `${describeTime(atMs, nowMs())}  ${toPlainLine(client, 30)}  ${tool}  ${toPlainLine(asked, 100)}`,
            ),
    );
  });
}
