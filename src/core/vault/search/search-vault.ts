// Answers a search: from the index, once that has followed the log to its end; else by reading the newest snapshots.

import type { VaultState } from '../log/vault-state.ts';
import type { SearchAnswer, SearchQuery } from '../vault.ts';
import { findInIndex } from './find.ts';
import type { FoundPage } from './found-line.ts';
import { IndexDamaged } from './index-store.ts';
import { scanHistory } from './scan-history.ts';
import type { SearchIndex } from './search-index.ts';

/** Of the budget, what following the log may take. */
const FOLLOW_SHARE = 0.4;

export async function searchVault(
  { state, index }: { readonly state: VaultState; readonly index: SearchIndex },
  query: SearchQuery,
): Promise<SearchAnswer> {
  const startMs = performance.now();
  const restMs = (): number => Math.max(0, query.budgetMs - (performance.now() - startMs));
  if (await index.level(query.budgetMs * FOLLOW_SHARE)) {
    const found = await tryIndex(state, index, query, restMs());
    if (found !== null) return found;
  }
  const scanned = await scanHistory(state, query, restMs());
  return { ...scanned, notIndexed: index.behind };
}

/** Null where the index cannot be read: it is dropped, and made anew. */
async function tryIndex(
  state: VaultState,
  index: SearchIndex,
  query: SearchQuery,
  budgetMs: number,
): Promise<FoundPage | null> {
  try {
    return await findInIndex({ state, segments: index.segments(), contents: index.contents }, query, budgetMs);
  } catch (error) {
    if (!(error instanceof IndexDamaged)) throw error;
    await index.dropDamaged();
    return null;
  } finally {
    index.trim();
  }
}
