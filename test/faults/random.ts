// Repeatable chance for everything that breaks things on purpose: one seed, printed with the results, brings a run back.

/** CAIRN_FAULT_SEED, or one of today's. */
export const SEED = Number(process.env['CAIRN_FAULT_SEED'] ?? Date.now() % 1_000_000);

/** A small generator of repeatable numbers from 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  next();
  return next;
}
