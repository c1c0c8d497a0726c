import type { PublishedSessions } from '../publishing/published-sessions.ts';
import type { PublishedSession } from '../publishing/session-rows.ts';
import type { SessionBody } from '../publishing/session-document.ts';
import type { Teams } from '../publishing/teams.ts';
import type { Viewer, Visibility } from '../publishing/viewer.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { CursorCodec } from './cursor.ts';

/** What accounts are called, for those who share a team. */
export interface AccountNames {
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export interface GraphqlServices {
  readonly sessions: PublishedSessions;
  readonly teams: Teams;
  readonly webhooks: Webhooks;
  readonly names: AccountNames;
  readonly cursors: CursorCodec;
}

/** Of one request. */
export interface GraphqlContext extends GraphqlServices {
  readonly viewer: Viewer | null;
  /** Looked up once. @throws AppError where nobody is logged in */
  visibility(): Promise<Visibility>;
  nameOf(userId: string): Promise<string>;
  teamNameOf(teamId: string): Promise<string>;
  /** The messages of a session; one request may read so many bytes, and again is more of them. @throws AppError */
  bodyOf(session: PublishedSession): Promise<SessionBody>;
  /** Counts a text that goes into the answer: by aliases one may go there many times. @throws AppError where it is too much */
  readonly give: (text: string) => string;
}
