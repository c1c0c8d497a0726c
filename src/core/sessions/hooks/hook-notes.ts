// What hooks left while the vault was locked: notes in a private folder in memory, taken in at the next unlock or capture and removed.
// They may be anybody's words: what is no note of ours is removed unread.

import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

import { z } from 'zod';

import { newMessageSchema, pushSchema, type SessionPush } from '../../../shared/contract/sessions.ts';
import { readSpoolFile, refuseFolder, removeSpoolFile } from '../../sources/shell-history/spool-folder.ts';
import type { Host } from '../../sources/source.ts';
import { pushSession } from '../push-session.ts';
import type { SessionStore } from '../session-store.ts';

const NOTE = /^\d{10,17}-\d{1,10}\.json$/;
const MAX_NOTES = 1_000;

const noteSchema = z.object({ session: pushSchema, messages: z.array(newMessageSchema).max(10) });

/** Where hooks of this user leave notes for the Cairn over this data folder. */
function noteFolders({ env, uid, platform }: Host, home: string): readonly string[] {
  if (platform !== 'linux') return [];
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  const bases = [...(isAbsolute(runtime) ? [join(runtime, 'cairn')] : []), `/dev/shm/cairn-${uid}`];
  const name = `hooks-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
  return bases.map((base) => join(base, name));
}

/** Takes all notes in, oldest first. Gives how many. @throws AppError of the vault; the note stays then */
export async function takeNotes(
  store: SessionStore,
  { host, home }: { readonly host: Host; readonly home: string },
  isExcluded: (push: SessionPush) => boolean,
): Promise<number> {
  let taken = 0;
  for (const folder of noteFolders(host, home)) {
    for (const name of listNotes(folder, host.uid)) {
      const path = join(folder, name);
      const note = parseNote(readSpoolFile(path, host.uid)?.bytes);
      if (note !== null && !isExcluded(note.session)) {
        const { session } = await pushSession(store, note.session);
        const messages = note.messages.map(({ role, content, id, at }) => ({
          role,
          text: content,
          ...(id === undefined ? {} : { id }),
          ...(at === undefined ? {} : { atMs: Date.parse(at) }),
        }));
        if (messages.length > 0) await store.addMessages(session.id, messages);
        taken += 1;
      }
      removeSpoolFile(path);
    }
  }
  return taken;
}

function listNotes(folder: string, uid: number): readonly string[] {
  try {
    if (refuseFolder(folder, uid) !== null) return [];
    return readdirSync(folder)
      .filter((name) => NOTE.test(name))
      .toSorted()
      .slice(0, MAX_NOTES);
  } catch {
    return []; // there is none
  }
}

/** Total: null for bytes that are no note. */
export function parseNote(bytes: Uint8Array | undefined): z.output<typeof noteSchema> | null {
  if (bytes === undefined) return null;
  try {
    return noteSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
