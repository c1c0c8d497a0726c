// What of a published session is sealed, and to what it is bound: its owner, itself and its version, so that no stored part can stand in
// for another one.

import { AppError } from '../../shared/model/app-error.ts';
import type { OwnerId } from '../publishing/tables.ts';
import { openSealed, seal } from './cipher.ts';
import type { OwnerKey } from './owner-keys.ts';

export interface SealedPlace {
  readonly owner: OwnerId;
  readonly publicationId: string;
  readonly version: number;
  readonly part: 'head' | 'body';
}

/** @throws AppError SERVER_ENCRYPTION_FAILED */
export function sealPart(key: OwnerKey, place: SealedPlace, content: unknown): Buffer {
  try {
    return seal(key.key, Buffer.from(JSON.stringify(content), 'utf8'), aadOf(place, key.version));
  } catch {
    // Without the cause: its text may hold what was to be sealed.
    throw new AppError('SERVER_ENCRYPTION_FAILED', 'The session could not be encrypted, so nothing was stored.', {
      hint: 'Publish it again; if that does not help, whoever runs the server has to look.',
      isRetryable: true,
    });
  }
}

/** @throws AppError SERVER_ENCRYPTION_FAILED where it does not authenticate */
export function openPart(key: OwnerKey, place: SealedPlace, sealed: Uint8Array): unknown {
  const plain = openSealed(key.key, sealed, aadOf(place, key.version));
  if (plain === null)
    throw new AppError(
      'SERVER_ENCRYPTION_FAILED',
      'A published session could not be decrypted: what is stored was changed or damaged.',
      {
        hint: 'Publish it again from the device that has it, or have the server restored from a backup.',
      },
    );
  return JSON.parse(plain.toString('utf8')) as unknown;
}

function aadOf({ owner, publicationId, version, part }: SealedPlace, keyVersion: number): readonly (string | number)[] {
  return ['published-session', owner, publicationId, version, part, keyVersion];
}
