// `cairn sessions delete`, `rename`, `pin`, `cleanup`, `import` and `resume`.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { ImportAction, ImportedSession } from '../../core/sessions/agents/import-folder.ts';
import { projectOfPath } from '../../core/sessions/agents/read-folder.ts';
import type { Session } from '../../core/sessions/session.ts';
import type { SessionEdit } from '../../core/sessions/session-store.ts';
import type { SessionStatus } from '../../shared/model/session.ts';
import { doneWithVault, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf, joinWords } from '../format/amounts.ts';
import { sessionDocument } from './session-documents.ts';

const MAX_NAME_SHOWN = 60;

const ACTION_WORDS: Readonly<Record<ImportAction, string>> = {
  new: 'new',
  changed: 'changed',
  unchanged: 'unchanged',
  unreadable: 'unreadable',
  deleted: 'deleted here, so left out',
  gone: 'gone there, so kept as the only copy',
  excluded: 'excluded by your rules',
};

export interface DryRunOptions {
  readonly dryRun?: boolean;
}

export interface ImportOptions extends DryRunOptions {
  readonly all?: boolean;
}

export function runSessionsDelete(
  references: readonly string[],
  { dryRun: isDryRun = false }: DryRunOptions,
  context: CommandContext,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { store } = open.sessions;
    const found = new Map<string, Session>();
    for (const reference of references) {
      const session = await store.get(reference);
      found.set(session.id, session);
    }
    const sessions = [...found.values()];
    if (!isDryRun) await store.delete(sessions.map(({ id }) => id));
    const hasCaptured = sessions.some(({ item }) => item !== null);
    context.out.result({ dryRun: isDryRun, deleted: sessions.map(sessionDocument) }, () => [
      `${isDryRun ? 'Would delete' : 'Deleted'} ${countOf(sessions.length, 'session')}: ${joinWords(sessions.map(nameOf))}.`,
      ...(hasCaptured
        ? ['A captured conversation stays in the snapshots that hold it, and is listed again once it goes on.']
        : []),
    ]);
  });
}

export function runSessionsRename(reference: string, name: string, context: CommandContext): Promise<ExitCode> {
  if (name.trim() === '' || name.length > 200)
    throw new AppError('USAGE_INVALID', 'A name has 1 to 200 characters.', { hint: 'Nothing was changed.' });
  return changeOne(reference, { name: name.trim() }, context, (session) => `It is called ${nameOf(session)} now.`);
}

export function runSessionsStatus(
  reference: string,
  status: SessionStatus,
  context: CommandContext,
): Promise<ExitCode> {
  return changeOne(reference, { status }, context, (session) => `${nameOf(session)} is ${status} now.`);
}

export function runSessionsPin(reference: string, pinned: boolean, context: CommandContext): Promise<ExitCode> {
  return changeOne(reference, { pinned }, context, (session) =>
    pinned ? `${nameOf(session)} stays until you delete it.` : `${nameOf(session)} is no longer pinned.`,
  );
}

export function runSessionsCleanup(
  { dryRun: isDryRun = false, includeGone = false }: DryRunOptions & { readonly includeGone?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const result = await open.sessions.cleanup({ isDryRun, includesGone: includeGone });
    const document = {
      dryRun: isDryRun,
      deleted: result.deleted,
      deletedByLimit: result.deletedByLimit,
      deletedByAge: result.deletedByAge,
      sessions: result.sessions.map(sessionDocument),
    };
    context.out.result(document, () => [
      result.deleted === 0
        ? 'Nothing needs to go: no session is too old, and there are not too many.'
        : `${isDryRun ? 'Would delete' : 'Deleted'} ${countOf(result.deleted, 'session')}: ${result.deletedByAge} for age, ${result.deletedByLimit} for number.`,
      ...(isDryRun ? result.sessions.map((session) => `  ${nameOf(session)}`) : []),
    ]);
  });
}

export function runSessionsImport(
  folder: string | undefined,
  { all: isAll = false, dryRun: isDryRun = false }: ImportOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (isAll === (folder !== undefined))
    throw new AppError('USAGE_INVALID', 'Give the folder of a project, or --all.', {
      hint: 'For example `cairn sessions import .`',
    });
  const project = folder === undefined ? null : projectOfPath(resolve(folder));
  if (project !== null && statSync(project, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new AppError('ITEM_NOT_FOUND', 'There is no such folder.', { hint: 'Give the folder of a project.' });
  return doneWithVault(context, async (open) => {
    const projects = project === null ? 'all' : [await open.sessions.findProject(project)];
    const results = await open.sessions.import(projects, isDryRun);
    context.out.result({ dryRun: isDryRun, sessions: results.map((result) => ({ ...result })) }, () => [
      describeImport(results, isDryRun),
      ...results
        .filter(({ action }) => action !== 'unchanged')
        .map(
          ({ action, title, detail }) =>
            `  ${toPlainLine(title, MAX_NAME_SHOWN)}: ${ACTION_WORDS[action]}${detail === null ? '' : ` (${detail})`}`,
        ),
    ]);
  });
}

export function runSessionsResume(
  reference: string,
  { print = false }: { readonly print?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { session, resume, openedIn } = await open.sessions.resume(reference, !print, context.signal);
    const { command, line, missingFolder } = resume;
    const document = { id: session.id, argv: command.argv, cwd: command.cwd, missingFolder, openedIn };
    context.out.result(document, () => [
      ...(missingFolder === null ? [] : [`Its folder ${toPlainLine(missingFolder, 200)} is gone.`]),
      ...(openedIn === null
        ? [`cd ${toPlainLine(quoteFolder(command.cwd), 400)}`, toPlainLine(line, 1000)]
        : [`It goes on in ${toPlainLine(openedIn, 200)}.`]),
    ]);
  });
}

function changeOne(
  reference: string,
  change: SessionEdit,
  context: CommandContext,
  say: (session: Session) => string,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { store } = open.sessions;
    const session = await store.edit((await store.get(reference)).id, change);
    context.out.result({ session: sessionDocument(session) }, () => [say(session)]);
  });
}

function describeImport(results: readonly ImportedSession[], isDryRun: boolean): string {
  if (results.length === 0) return 'There are no sessions in agents/sessions here.';
  const count = (action: ImportAction): number => results.filter((result) => result.action === action).length;
  const words = `${count('new')} new, ${count('changed')} changed, ${count('unchanged')} unchanged`;
  return `${isDryRun ? 'Would import' : 'Imported'} ${countOf(results.length, 'session')}: ${words}.`;
}

function nameOf({ name }: Session): string {
  return toPlainLine(name, MAX_NAME_SHOWN);
}

function quoteFolder(folder: string): string {
  return /^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`;
}
