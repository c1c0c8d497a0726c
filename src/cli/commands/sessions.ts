// `cairn sessions`: conversations with AI tools as things of their own.

import { Argument, Option, type Command } from 'commander';

import { EXPORT_FORMATS } from '../../core/sessions/export-session.ts';
import { SESSION_STATUSES, type SessionStatus } from '../../shared/model/session.ts';
import type { Act } from '../context.ts';
import { wholeNumber } from '../options.ts';
import {
  runSessionsContinue,
  runSessionsPublish,
  runSessionsPublished,
  runSessionsRead,
  runSessionsWithdraw,
  type PublishSessionOptions,
} from '../sessions/publish-sessions.ts';
import {
  runSessionsCleanup,
  runSessionsDelete,
  runSessionsImport,
  runSessionsPin,
  runSessionsRename,
  runSessionsResume,
  runSessionsStatus,
  type DryRunOptions,
  type ImportOptions,
} from '../sessions/change-sessions.ts';
import {
  runSessionsExport,
  runSessionsList,
  runSessionsShow,
  type ExportSessionOptions,
  type ListSessionsOptions,
  type ShowSessionOptions,
} from '../sessions/read-sessions.ts';

const DEFAULT_MESSAGES = 20;
const SESSION = ['<session>', 'its id, the beginning of it, or its name'] as const;
const PUBLISHED = ['<id>', 'what `cairn sessions published` calls it'] as const;
const DEVICE = ['--device <name>', "another device's sessions, as they are here"] as const;
const DRY_RUN = ['--dry-run', 'say what would happen, and change nothing'] as const;

export function setupSessions(command: Command, act: Act): void {
  command
    .command('list')
    .description('list sessions, newest first')
    .option('--project <name>', "only this project's, by name or folder")
    .option('--provider <name>', "only this provider's or tool's")
    .option('--limit <count>', 'how many to show', wholeNumber({ min: 1, max: 1_000_000 }))
    .option(...DEVICE)
    .action((options: ListSessionsOptions) => act((context) => runSessionsList(options, context)));
  command
    .command('show')
    .description('one session with its newest messages')
    .argument(...SESSION)
    .option('--messages <count>', 'how many messages', wholeNumber({ min: 0, max: 100_000 }), DEFAULT_MESSAGES)
    .option(...DEVICE)
    .action((id: string, options: ShowSessionOptions) => act((context) => runSessionsShow(id, options, context)));
  command
    .command('delete')
    .description('delete sessions')
    .argument('<session...>', SESSION[1])
    .option(...DRY_RUN)
    .action((ids: readonly string[], options: DryRunOptions) =>
      act((context) => runSessionsDelete(ids, options, context)),
    );
  command
    .command('rename')
    .description('give a session another name')
    .argument(...SESSION)
    .argument('<name>', 'the new name')
    .action((id: string, name: string) => act((context) => runSessionsRename(id, name, context)));
  command
    .command('status')
    .description('say how a session stands')
    .argument(...SESSION)
    .addArgument(new Argument('<status>', 'how it stands').choices(SESSION_STATUSES))
    .action((id: string, status: SessionStatus) => act((context) => runSessionsStatus(id, status, context)));
  command
    .command('pin')
    .description('keep a session until it is deleted by hand')
    .argument(...SESSION)
    .option('--off', 'no longer')
    .action((id: string, { off = false }: { off?: boolean }) => act((context) => runSessionsPin(id, !off, context)));
  command
    .command('resume')
    .description("go on with a session: the tool's own command, in a new tmux window where there is tmux")
    .argument(...SESSION)
    .option('--print', 'only print the command')
    .action((id: string, options: { print?: boolean }) => act((context) => runSessionsResume(id, options, context)));
  command
    .command('import')
    .description("take a project's agents/sessions in; the files stay where they are")
    .argument('[dir]', "the project's folder")
    .option('--all', 'of all projects that are known')
    .option(...DRY_RUN)
    .action((dir: string | undefined, options: ImportOptions) =>
      act((context) => runSessionsImport(dir, options, context)),
    );
  command
    .command('export')
    .description('a session as a document')
    .argument(...SESSION)
    .addOption(new Option('--format <format>', 'of the document').choices(EXPORT_FORMATS).default('markdown'))
    .option('--output <file>', 'write it into this new file')
    .option(...DEVICE)
    .action((id: string, options: ExportSessionOptions) => act((context) => runSessionsExport(id, options, context)));
  command
    .command('cleanup')
    .description('let go of sessions that are too many or too old')
    .option('--include-gone', 'also those that Cairn has the only copy of')
    .option(...DRY_RUN)
    .action((options: DryRunOptions & { includeGone?: boolean }) =>
      act((context) => runSessionsCleanup(options, context)),
    );
  setupPublishing(command, act);
}

function setupPublishing(command: Command, act: Act): void {
  command
    .command('publish')
    .description('publish a session to a team or to yourself; shows first what leaves and what is taken out of it')
    .argument(...SESSION)
    .option('--to <team>', "a team's name or id, or `me`; else the team that its project is mapped to")
    .option('--until <time>', 'when it goes by itself: such as 7d, a date or an ISO 8601 time')
    .option('--dry-run', 'show what would leave, and publish nothing')
    .option('--yes', 'do not ask')
    .action((id: string, options: PublishSessionOptions) => act((context) => runSessionsPublish(id, options, context)));
  command
    .command('published')
    .description('what you and your teams have published, last first')
    .option('--limit <count>', 'how many', wholeNumber({ min: 1, max: 100 }), 50)
    .action((options: { limit: number }) => act((context) => runSessionsPublished(options, context)));
  command
    .command('read')
    .description('read a published session')
    .argument(...PUBLISHED)
    .action((id: string) => act((context) => runSessionsRead(id, context)));
  command
    .command('continue')
    .description('take a published session into your own, to go on with')
    .argument(...PUBLISHED)
    .action((id: string) => act((context) => runSessionsContinue(id, context)));
  command
    .command('withdraw')
    .description('take back what was published')
    .argument(...PUBLISHED)
    .action((id: string) => act((context) => runSessionsWithdraw(id, context)));
}
