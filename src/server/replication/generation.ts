// The server's generation (S4): random, made once, and made anew when the data were restored from a backup, so that devices know why the
// server is behind what they have seen.

import type { Executor } from '../store/store.ts';

const NAME = 'generation';
const GENERATION_BYTES = 16;

type RandomBytes = (sizeBytes: number) => Buffer;

/** Makes the generation where there is none yet. */
export async function provideGeneration(db: Executor, randomBytes: RandomBytes): Promise<void> {
  await db
    .insertInto('server_state')
    .values({ name: NAME, value: randomBytes(GENERATION_BYTES).toString('hex') })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

export async function renewGeneration(db: Executor, randomBytes: RandomBytes): Promise<void> {
  await provideGeneration(db, randomBytes);
  await db
    .updateTable('server_state')
    .set({ value: randomBytes(GENERATION_BYTES).toString('hex') })
    .where('name', '=', NAME)
    .execute();
}

export async function readGeneration(db: Executor): Promise<string> {
  const { value } = await db
    .selectFrom('server_state')
    .select('value')
    .where('name', '=', NAME)
    .executeTakeFirstOrThrow();
  return value;
}
