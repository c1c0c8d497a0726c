import { AppError } from '../../shared/model/app-error.ts';
import type { PublishedSession } from '../publishing/session-rows.ts';
import type { SessionBody } from '../publishing/session-document.ts';
import { visibleTo, type Viewer, type Visibility } from '../publishing/viewer.ts';
import type { GraphqlContext, GraphqlServices } from './context.ts';
import type { Db } from '../store/store.ts';

/** Sealed bytes that one request may have opened, and characters that its answer may have of them. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** What the resolvers of one request share. */
export function createContext(db: Db, services: GraphqlServices, viewer: Viewer | null): GraphqlContext {
  let visibility: Promise<Visibility> | null = null;
  let teams: Promise<ReadonlyMap<string, string>> | null = null;
  let leftBytes = MAX_BODY_BYTES;
  let leftCharacters = MAX_BODY_BYTES;
  const bodies = new WeakMap<PublishedSession, Promise<SessionBody>>();
  const names = batched((ids) => services.names.namesOf(ids));
  const context: GraphqlContext = {
    ...services,
    viewer,
    visibility: () => {
      if (viewer === null) return Promise.reject(notLoggedIn());
      visibility ??= visibleTo(db, viewer);
      return visibility;
    },
    nameOf: async (userId) => (await names(userId)) ?? 'somebody who is gone',
    teamNameOf: async (teamId) => {
      teams ??= context
        .visibility()
        .then((seen) => services.teams.list(seen))
        .then((list) => new Map(list.map(({ id, name }) => [id, name])));
      return (await teams).get(teamId) ?? '';
    },
    bodyOf: async (session) => {
      // Whoever asks again by another name gets it again.
      leftBytes -= session.sizeBytes;
      if (leftBytes < 0) throw tooMuch();
      const known = bodies.get(session);
      if (known !== undefined) return known;
      const body = context.visibility().then((seen) => services.sessions.readBody(seen, session));
      bodies.set(session, body);
      return body;
    },
    give: (text) => {
      leftCharacters -= text.length;
      if (leftCharacters < 0) throw tooMuch();
      return text;
    },
  };
  return context;
}

function tooMuch(): AppError {
  return new AppError('USAGE_INVALID', 'These are more messages than one request may read.', {
    hint: 'Ask for fewer sessions at once, and for each of them once.',
  });
}

export function notLoggedIn(): AppError {
  return new AppError('API_REFUSED', 'Nobody is logged in.', { hint: 'Log in with `cairn sync login`.' });
}

/** Asks once for all that is wanted at the same time. */
function batched(
  load: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): (id: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<string | undefined>>();
  let wanted: string[] = [];
  let loading: Promise<ReadonlyMap<string, string>> | null = null;
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    wanted.push(id);
    loading ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        const ids = wanted;
        wanted = [];
        loading = null;
        load(ids).then(resolve, reject);
      });
    });
    const name = loading.then((names) => names.get(id));
    known.set(id, name);
    return name;
  };
}
