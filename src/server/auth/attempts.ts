// Wrong passwords and codes are counted in the database, so that they count over all nodes and restarts; each one more makes the next wait
// longer. Counted by address, by account, and by both together, so that a stranger can slow down an account's log-ins but not lock it soon.

import { Refusal } from '../http/refusal.ts';
import { sha256 } from '../encryption/signatures.ts';
import type { Db } from '../store/store.ts';

const FORGOTTEN_AFTER_MS = 24 * 3_600_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/** Whoever tries, as it is counted, and how many failures cost nothing. */
export interface Subject {
  readonly key: string;
  readonly free: number;
}

export function subjectsOf(address: string, account: string): readonly Subject[] {
  // Hashed, so that the table tells nobody's address.
  const key = (text: string): string => sha256(text).toString('base64url').slice(0, 22);
  return [
    { key: key(`both ${address} ${account}`), free: 5 },
    { key: key(`account ${account}`), free: 50 },
    { key: key(`address ${address}`), free: 30 },
  ];
}

/** @throws Refusal `rate` while one of them must wait */
export async function assertMayTry(db: Db, subjects: ReadonlyArray<Subject>, nowMs: number): Promise<void> {
  const rows = await db
    .selectFrom('failed_attempts')
    .selectAll()
    .where(
      'subject',
      'in',
      subjects.map(({ key }) => key),
    )
    .execute();
  const waits = rows.map(({ subject, failures, last_at_ms }) => {
    const free = subjects.find(({ key }) => key === subject)?.free ?? 0;
    return last_at_ms + waitOf(failures - free) - nowMs;
  });
  const retryAfterMs = Math.max(0, ...waits);
  if (retryAfterMs > 0)
    throw new Refusal('rate', 'Too many wrong attempts.', 'Wait, then try again.', { retryAfterMs });
}

export async function noteFailure(db: Db, subjects: ReadonlyArray<Subject>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('failed_attempts')
    .where('last_at_ms', '<', nowMs - FORGOTTEN_AFTER_MS)
    .execute();
  for (const { key } of subjects) {
    await db
      .insertInto('failed_attempts')
      .values({ subject: key, failures: 1, last_at_ms: nowMs })
      .onConflict((conflict) =>
        conflict.column('subject').doUpdateSet((row) => ({
          failures: row('failed_attempts.failures', '+', 1),
          last_at_ms: nowMs,
        })),
      )
      .execute();
  }
}

/** A right password clears what was counted for this address and account together; the wide counts stay. */
export async function noteSuccess(db: Db, subjects: ReadonlyArray<Subject>): Promise<void> {
  const [both] = subjects;
  if (both !== undefined) await db.deleteFrom('failed_attempts').where('subject', '=', both.key).execute();
}

function waitOf(failuresBeyond: number): number {
  return failuresBeyond < 0 ? 0 : Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** Math.min(failuresBeyond, 20));
}
