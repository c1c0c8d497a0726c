// The commands, as the command line names them. Each command's own file is loaded only when it is called (or documented), which is
// what keeps `cairn --help` fast.

import { Command, Option } from 'commander';

import type { Act, ActApart } from './context.ts';
import { EXIT_CODE_MEANINGS } from './exit-code.ts';

type SetupCommand = (command: Command, act: Act) => void;
type SetupApart = (command: Command, act: ActApart) => void;

interface CommandFacts {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
}
type CommandEntry = CommandFacts &
  (
    | { readonly isApart?: false; readonly load: () => Promise<SetupCommand> }
    | { readonly isApart: true; readonly load: () => Promise<SetupApart> }
  );

const FIRST = 'First steps:';
const CAPTURE = 'Capture:';
const TIMELINE = 'Timeline and restore:';
const SESSIONS = 'AI conversations:';
const UPKEEP = 'Vault and upkeep:';
const SERVER = 'Sync server:';

/** Every command there is. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'start',
    group: FIRST,
    summary: 'a guided tour: the first vault, capture and restore',
    load: async () => (await import('./commands/start.ts')).setupStart,
  },
  {
    name: 'init',
    group: FIRST,
    summary: 'make the vault; prints the recovery key once',
    load: async () => (await import('./commands/init.ts')).setupInit,
  },
  {
    name: 'status',
    group: FIRST,
    summary: 'is everything captured and safe, and what to do if not',
    load: async () => (await import('./commands/status.ts')).setupStatus,
  },
  {
    name: 'serve',
    group: FIRST,
    summary: "Cairn's window in a browser of this machine",
    load: async () => (await import('./commands/serve.ts')).setupServe,
  },
  {
    name: 'browser',
    group: CAPTURE,
    summary: 'set up the browser extension',
    load: async () => (await import('./commands/browser.ts')).setupBrowser,
  },
  {
    name: 'run',
    group: CAPTURE,
    summary: 'capture again and again in the foreground',
    load: async () => (await import('./commands/run.ts')).setupRun,
  },
  {
    name: 'capture',
    group: CAPTURE,
    summary: 'capture now',
    load: async () => (await import('./commands/capture.ts')).setupCapture,
  },
  {
    name: 'shell-integration',
    group: CAPTURE,
    summary: 'have your shells note each command',
    load: async () => (await import('./commands/shell-integration.ts')).setupShellIntegration,
  },
  {
    name: 'checkpoint',
    group: CAPTURE,
    summary: 'capture and name it, or name a past snapshot',
    load: async () => (await import('./commands/checkpoint.ts')).setupCheckpoint,
  },
  {
    name: 'checkpoints',
    group: CAPTURE,
    summary: 'list, edit or delete checkpoints',
    load: async () => (await import('./commands/checkpoints.ts')).setupCheckpoints,
  },
  {
    name: 'list',
    group: TIMELINE,
    summary: 'the snapshots, newest first',
    load: async () => (await import('./commands/list.ts')).setupList,
  },
  {
    name: 'log',
    group: TIMELINE,
    summary: 'what was captured lately, and what was left out',
    load: async () => (await import('./commands/log.ts')).setupLog,
  },
  {
    name: 'show',
    group: TIMELINE,
    summary: 'what a snapshot holds',
    load: async () => (await import('./commands/show.ts')).setupShow,
  },
  {
    name: 'diff',
    group: TIMELINE,
    summary: 'what changed between two snapshots',
    load: async () => (await import('./commands/diff.ts')).setupDiff,
  },
  {
    name: 'search',
    group: TIMELINE,
    summary: 'find a text in all that was captured',
    load: async () => (await import('./commands/search.ts')).setupSearch,
  },
  {
    name: 'where-was-i',
    group: TIMELINE,
    summary: 'what was going on when you left, and what changed since',
    load: async () => (await import('./commands/where-was-i.ts')).setupWhereWasI,
  },
  {
    name: 'restore',
    group: TIMELINE,
    summary: 'bring a snapshot back, or parts of it',
    load: async () => (await import('./commands/restore.ts')).setupRestore,
  },
  {
    name: 'sessions',
    group: SESSIONS,
    summary: 'list, read, resume, import and export conversations',
    load: async () => (await import('./commands/sessions.ts')).setupSessions,
  },
  {
    name: 'teams',
    group: SESSIONS,
    summary: 'with whom published sessions are shared',
    load: async () => (await import('./commands/teams.ts')).setupTeams,
  },
  {
    name: 'chat',
    group: SESSIONS,
    summary: 'ask a model, and keep what was said',
    load: async () => (await import('./commands/chat.ts')).setupChat,
  },
  {
    name: 'hooks',
    group: SESSIONS,
    summary: 'let Claude Code or Codex tell of each turn',
    load: async () => (await import('./commands/hooks.ts')).setupHooks,
  },
  {
    name: 'mcp',
    group: SESSIONS,
    summary: 'let an agent read what was captured, over the Model Context Protocol',
    load: async () => (await import('./commands/mcp.ts')).setupMcp,
  },
  {
    name: 'verify',
    group: UPKEEP,
    summary: 'prove that the vault is whole',
    load: async () => (await import('./commands/verify.ts')).setupVerify,
  },
  {
    name: 'doctor',
    group: UPKEEP,
    summary: 'look whether everything around the vault is as it should be',
    load: async () => (await import('./commands/doctor.ts')).setupDoctor,
  },
  {
    name: 'repair',
    group: UPKEEP,
    summary: 'bring back what can be saved of a damaged vault',
    load: async () => (await import('./commands/repair.ts')).setupRepair,
  },
  {
    name: 'merge',
    group: UPKEEP,
    summary: 'bring another vault into this one: an old backup, or another machine',
    load: async () => (await import('./commands/merge.ts')).setupMerge,
  },
  {
    name: 'export',
    group: UPKEEP,
    summary: 'write what can be read as plain files, from a damaged vault too',
    load: async () => (await import('./commands/export.ts')).setupExport,
  },
  {
    name: 'secrets',
    group: UPKEEP,
    summary: 'find secrets in the past, and take them out',
    load: async () => (await import('./commands/secrets.ts')).setupSecrets,
  },
  {
    name: 'backup',
    group: UPKEEP,
    summary: 'make a verified backup now',
    load: async () => (await import('./commands/backup.ts')).setupBackup,
  },
  {
    name: 'prune',
    group: UPKEEP,
    summary: 'let go what is past the retention limits',
    load: async () => (await import('./commands/prune.ts')).setupPrune,
  },
  {
    name: 'sync',
    group: UPKEEP,
    summary: 'the same history on several machines, sealed before it leaves any',
    load: async () => (await import('./commands/sync.ts')).setupSync,
  },
  {
    name: 'keys',
    group: UPKEEP,
    summary: 'password, recovery key and data keys',
    load: async () => (await import('./commands/keys.ts')).setupKeys,
  },
  {
    name: 'stats',
    group: UPKEEP,
    summary: 'the vault in numbers',
    load: async () => (await import('./commands/stats.ts')).setupStats,
  },
  {
    name: 'config',
    group: UPKEEP,
    summary: 'read and change settings',
    load: async () => (await import('./commands/config.ts')).setupConfig,
  },
  {
    name: 'server',
    group: SERVER,
    summary: 'run the sync server',
    isApart: true,
    load: async () => (await import('./commands/server.ts')).setupServer,
  },
];

const EXIT_CODES_LINE = EXIT_CODE_MEANINGS.map(([code, meaning]) => `${code} ${meaning}`).join(', ');
const HELP_END = `\nExit codes: ${EXIT_CODES_LINE}.\n\`cairn help COMMAND\` tells more; docs/cli.md tells everything.`;

export interface ProgramOptions {
  readonly version: string;
  readonly act: Act;
  readonly actApart: ActApart;
  /** Takes help texts. */
  readonly writeOut: (text: string) => void;
  /** How wide help texts may be. */
  readonly width: number;
}

/** Builds the program. It throws `CommanderError` instead of ending the process, and prints no errors itself. */
export function createProgram(options: ProgramOptions): Command {
  const program = new Command('cairn')
    .description("Cairn is a time machine for a developer's workspace.")
    .version(options.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: options.writeOut, writeErr: () => undefined, getOutHelpWidth: () => options.width })
    .configureHelp({ showGlobalOptions: true, styleTitle: (text) => text })
    .addHelpText('afterAll', HELP_END);
  for (const option of createGlobalOptions()) program.addOption(option);
  for (const { name, group, summary } of COMMANDS) {
    program.command(name).helpGroup(group).summary(summary).description(asSentence(summary)).helpCommand(false);
  }
  program.hook('preSubcommand', async (parent, command) => {
    if (parent === program) await setupCommand(command, options.act, options.actApart);
  });
  return program;
}

/** Gives one command its arguments, options and sub-commands. */
export async function setupCommand(command: Command, act: Act, actApart: ActApart): Promise<void> {
  const entry = COMMANDS.find(({ name }) => name === command.name());
  if (entry?.isApart === true) (await entry.load())(command, actApart);
  else if (entry !== undefined) (await entry.load())(command, act);
}

function createGlobalOptions(): Option[] {
  return [
    new Option('--json', 'print one JSON document and nothing else'),
    new Option('--home <dir>', "the data folder (else $CAIRN_HOME, else the platform's)"),
    new Option('--password-file <file>', 'the password (else $CAIRN_PASSWORD, else asked)'),
    new Option('--recovery-key-file <file>', 'unlock with the recovery key (init: write it there)'),
  ];
}

function asSentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
