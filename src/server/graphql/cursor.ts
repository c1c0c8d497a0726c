// Cursors say nothing and cannot be made up: they are authenticated for the viewer who got them.

import { timingSafeEqual } from 'node:crypto';

import { z } from 'zod';

import { AppError } from '../../shared/model/app-error.ts';
import { mac } from '../encryption/cipher.ts';
import type { SessionPlace } from '../publishing/published-sessions.ts';

const MAC_BYTES = 12;
const MAX_CURSOR = 300;
const placeSchema = z.tuple([z.number(), z.string()]);

export interface CursorCodec {
  encode(viewerId: string, place: SessionPlace): string;
  /** @throws AppError USAGE_INVALID */
  decode(viewerId: string, cursor: string): SessionPlace;
}

export function createCursorCodec(key: Uint8Array): CursorCodec {
  const tagOf = (viewerId: string, text: string): Buffer =>
    mac(key, JSON.stringify([viewerId, text])).subarray(0, MAC_BYTES);
  return {
    encode: (viewerId, { updatedAtMs, publicationId }) => {
      const text = JSON.stringify([updatedAtMs, publicationId]);
      return Buffer.concat([tagOf(viewerId, text), Buffer.from(text, 'utf8')]).toString('base64url');
    },
    decode: (viewerId, cursor) => {
      const bytes = cursor.length > MAX_CURSOR ? Buffer.alloc(0) : Buffer.from(cursor, 'base64url');
      const text = bytes.subarray(MAC_BYTES).toString('utf8');
      if (bytes.length <= MAC_BYTES || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), tagOf(viewerId, text)))
        throw badCursor();
      const [updatedAtMs, publicationId] = placeSchema.parse(JSON.parse(text));
      return { updatedAtMs, publicationId };
    },
  };
}

function badCursor(): AppError {
  return new AppError('USAGE_INVALID', 'This cursor is none that was given to you.', {
    hint: 'Begin the list anew, without a cursor.',
  });
}
