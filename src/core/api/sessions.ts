// Sessions: what programs push, and what the window shows and changes.

import type { SessionHit } from '../../shared/contract/search-schemas.ts';
import type { SessionView } from '../../shared/contract/sessions.ts';
import { exportFileName, exportSession } from '../sessions/export-session.ts';
import { fromStored, type Session } from '../sessions/session.ts';
import type { SessionDesk } from '../sessions/session-desk.ts';
import type { MessageHit, NewMessage, SessionStore } from '../sessions/session-store.ts';
import { previewMessages } from '../sources/conversation/preview-messages.ts';
import { toIso } from '../timeline/views.ts';
import type { AppSession } from '../session/session.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';
import { withHistory } from './histories.ts';

const DEFAULT_MESSAGES = 200;
const NEVER = new AbortController().signal;

export function sessionHandlers({ session }: ApiDeps) {
  const desk = (): SessionDesk => session.unlocked().sessions;
  const over = <Result>(device: string | undefined, work: (store: SessionStore) => Promise<Result>): Promise<Result> =>
    withSessions(session, device, work);
  return {
    sessions: {
      list: os.sessions.list.handler(async ({ input: { device, ...input } }) => ({
        sessions: (await over(device, (store) => store.list(withoutUndefined(input)))).map(viewSession),
      })),
      create: os.sessions.create.handler(async ({ input }) => {
        const { session: stored, isNew } = await desk().push(input);
        const found = (await desk().store.list()).find(({ id }) => id === stored.id);
        return { ...viewSession(found ?? fromStored(stored)), isNew };
      }),
      get: os.sessions.get.handler(({ input }) =>
        over(input.device, async (store) => {
          const found = await store.get(input.id);
          // Without messages nothing of a transcript is read.
          const window = input.messages === 0 ? null : await store.messages(found.id, { limit: input.messages });
          return {
            ...viewSession(found),
            messageCount: window?.messageCount ?? found.messageCount,
            systemPrompt: found.systemPrompt,
            firstIndex: window?.firstIndex ?? found.messageCount,
            unreadable: window?.unreadable ?? 0,
            messages: (window?.messages ?? []).map(({ id, role, timeMs, model, text, isMeta }) => ({
              id,
              role: isMeta ? ('system' as const) : role,
              at: timeMs === null ? null : toIso(timeMs),
              model,
              content: text,
              ...(window?.partial.has(id) === true ? { partial: true } : {}),
            })),
          };
        }),
      ),
      update: os.sessions.update.handler(async ({ input: { id, ...changes } }) => {
        const { store } = desk();
        return viewSession(await store.edit((await store.get(id)).id, withoutUndefined(changes)));
      }),
      delete: os.sessions.delete.handler(async ({ input }) => {
        const { store } = desk();
        return { deleted: await store.delete([(await store.get(input.id)).id]) };
      }),
      addMessages: os.sessions.addMessages.handler(async ({ input }) => {
        const { store } = desk();
        const found = await store.get(input.id);
        const pushed = 'messages' in input ? input.messages : [{ ...input, id: input.messageId }];
        const messages = pushed.map(({ id, role, content, at, model }): NewMessage => ({
          role,
          text: content,
          ...(id === undefined ? {} : { id }),
          ...(at === undefined ? {} : { atMs: Date.parse(at) }),
          ...(model === undefined ? {} : { model }),
        }));
        const { savedMessages, session: stored } = await store.addMessages(found.id, messages);
        return { id: found.id, saved: savedMessages, messageCount: stored.messageCount };
      }),
      preview: os.sessions.preview.handler(({ input }) =>
        over(input.device, async (store) => {
          const { id } = await store.get(input.id);
          const limit = input.limit ?? DEFAULT_MESSAGES;
          const { firstIndex } = input;
          const window = await store.messages(id, firstIndex === undefined ? { limit } : { firstIndex, limit });
          const shown = previewMessages(window.messages, { firstIndex: 0, limit });
          return {
            ...shown,
            firstIndex: window.firstIndex,
            messageCount: window.messageCount,
            ...(window.isCut ? { isCut: true } : {}),
            messages: shown.messages.map((message, at) => ({
              ...message,
              ...(window.partial.has(window.messages[at]?.id ?? '') ? { isPartial: true } : {}),
            })),
          };
        }),
      ),
      resume: os.sessions.resume.handler(async ({ input, signal }) => {
        const { resume, openedIn } = await desk().resume(input.id, input.open, signal ?? NEVER);
        const { command, line, missingFolder } = resume;
        return { argv: [...command.argv], line, cwd: command.cwd, missingFolder, openedIn };
      }),
      export: os.sessions.export.handler(({ input: { id, format, device } }) =>
        over(device, async (store) => {
          const found = await store.get(id);
          const window = await store.messages(found.id, { firstIndex: 0, limit: Number.MAX_SAFE_INTEGER });
          return { fileName: exportFileName(found, format), text: exportSession(found, window, format) };
        }),
      ),
      cleanup: os.sessions.cleanup.handler(async ({ input: { dryRun, includeGone } }) => {
        const result = await desk().cleanup({ isDryRun: dryRun, includesGone: includeGone });
        const { deleted, deletedByLimit, deletedByAge } = result;
        return { deleted, deletedByLimit, deletedByAge };
      }),
      importAll: os.sessions.importAll.handler(async ({ input: { dryRun } }) => ({
        dryRun,
        sessions: (await desk().import('all', dryRun)).map((result) => ({ ...result })),
      })),
    },
    projects: {
      importSessions: os.projects.importSessions.handler(async ({ input: { id, dryRun } }) => {
        const project = await desk().findProject(id);
        return { dryRun, sessions: (await desk().import([project], dryRun)).map((result) => ({ ...result })) };
      }),
    },
  };
}

/** This device's sessions, or another's as they are here. @throws AppError as `withHistory` */
export function withSessions<Result>(
  session: AppSession,
  device: string | undefined,
  work: (store: SessionStore) => Promise<Result>,
): Promise<Result> {
  return withHistory(session, device, ({ vault, isOther }) => {
    const { store } = session.unlocked().sessions;
    return work(isOther ? store.over(vault) : store);
  });
}

/** A session as the contract shows it. */
export function viewSession(session: Session): SessionView {
  const { id, name, provider, model, project, messageCount, preview, tool, externalId, folder, status } = session;
  return {
    id,
    name,
    provider,
    model,
    project,
    createdAt: toIso(session.createdAtMs),
    updatedAt: toIso(session.updatedAtMs),
    messageCount,
    preview,
    tool,
    externalId,
    folder,
    status,
    pinned: session.pinned,
    live: session.isLive,
    originGone: session.isOriginGone,
    captured: session.item !== null,
    details: session.details,
  };
}

export function viewSessionHit({ session, role, atMs, position, line, from, to }: MessageHit): SessionHit {
  const { id, name, tool, project } = session;
  return { sessionId: id, name, tool, project, role, at: toIso(atMs), position, line, from, to };
}

type Defined<Values> = { [Name in keyof Values]: Exclude<Values[Name], undefined> };

function withoutUndefined<Values extends object>(values: Values): Partial<Defined<Values>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Defined<Values>
  >; // only members that were there
}
