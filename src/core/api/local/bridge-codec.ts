// JSON with bytes: a byte string is written as an object of one member. Nothing else of ours has that name.

import { AppError } from '../../../shared/model/app-error.ts';

const BYTES = '$bytes';

export function encodeBridge(value: unknown): string {
  return JSON.stringify(value, function replace(this: Readonly<Record<string, unknown>>, name: string, inner: unknown) {
    // Buffers would have turned themselves into lists of numbers by now.
    const own = this[name];
    return own instanceof Uint8Array
      ? { [BYTES]: Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64') }
      : inner;
  });
}

/** @throws AppError USAGE_INVALID where it is no JSON */
export function decodeBridge(text: string): unknown {
  try {
    return JSON.parse(text, (_, inner: unknown) => {
      if (typeof inner !== 'object' || inner === null || !(BYTES in inner)) return inner;
      return typeof inner[BYTES] === 'string' ? new Uint8Array(Buffer.from(inner[BYTES], 'base64')) : inner;
    });
  } catch (error) {
    throw new AppError('USAGE_INVALID', 'What was sent is no JSON.', { hint: 'Send a JSON document.', cause: error });
  }
}
