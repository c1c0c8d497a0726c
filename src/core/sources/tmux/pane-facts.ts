// What an item of a pane says: all that its restore needs. What comes back from a vault is checked against this before it is used.

import { z } from 'zod';

import { parseSourceId } from '../../../shared/model/ids.ts';

export const TMUX = parseSourceId('tmux');

/** tmux refuses larger windows. */
const MAX_SIZE = 10_000;
const size = z.int().min(1).max(MAX_SIZE);
const index = z.int().min(0).max(2_147_483_647);
/**
 * Names a window or pane for good: the server's start and process, and the id that it gives once. A pane that a restore made bears
 * the identity of the one that it brought back, so that the same is not brought back twice.
 */
const windowIdentity = z.string().regex(/^\d{1,20}-\d{1,20}@\d{1,20}$/);
const paneIdentity = z.string().regex(/^\d{1,20}-\d{1,20}%\d{1,20}$/);

export const paneFactsSchema = z.object({
  /** `default`, or the socket's path. */
  server: z.string(),
  socket: z.string().startsWith('/'),
  session: z.object({ name: z.string().min(1), path: z.string(), group: z.string().optional() }),
  window: z.object({
    identity: windowIdentity,
    index,
    name: z.string(),
    isActive: z.boolean(),
    isZoomed: z.boolean(),
    isAutomaticallyNamed: z.boolean(),
    width: size,
    height: size,
    layout: z.string(),
  }),
  pane: z.object({
    identity: paneIdentity,
    index,
    isActive: z.boolean(),
    isDead: z.boolean(),
    isFullScreen: z.boolean(),
    title: z.string(),
    width: size,
    height: size,
  }),
  cwd: z.string(),
  shell: z.string().optional(),
  argv: z.array(z.string()).optional(),
  /** What follows in its pipeline, by position: an object, so that a rule that matches one of them hides the whole. */
  pipeline: z.record(z.string(), z.object({ argv: z.array(z.string()) })).optional(),
  isArgvExact: z.boolean().optional(),
  /** The session of another tmux that this pane shows. */
  nestedTmux: z.object({ socket: z.string(), session: z.string() }).optional(),
});

export type PaneFacts = z.infer<typeof paneFactsSchema>;

/** The facts of an item; undefined where it was captured without what is needed. */
export function parsePaneFacts(attributes: unknown): PaneFacts | undefined {
  return paneFactsSchema.safeParse(attributes).data;
}

/** The identity that a restored window or pane bears, or its own. */
export function identityOf(marked: string, serverId: string, id: string): string {
  const known = id.startsWith('@') ? windowIdentity : paneIdentity;
  return known.safeParse(marked).success ? marked : `${serverId}${id}`;
}
