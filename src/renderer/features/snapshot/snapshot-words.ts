// A snapshot in words. Pure.

import type { GapReason, SnapshotKind } from '../../../shared/model/snapshot.ts';

export const KIND_WORDS: Readonly<Record<SnapshotKind, string>> = {
  automatic: 'taken by itself',
  manual: 'taken by hand',
  checkpoint: 'taken for a checkpoint',
  'before-restore': 'taken before a restore',
  shutdown: 'taken at the end',
};

export const GAP_WORDS: Readonly<Record<GapReason, string>> = {
  timeout: 'did not answer in time',
  failed: 'failed',
  vanished: 'vanished all at once',
  unreadable: 'could not be read',
  'too-large': 'was too large',
  partial: 'was read in part',
};
