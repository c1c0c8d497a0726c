import { redactText } from '../../../shared/secrets/redact-text.ts';

/** `redactText` for bytes, whatever their encoding: the very bytes where there is no secret, else bytes of an own buffer. */
export function redactBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const redacted = redactText(text);
  if (redacted === text) return bytes;
  const own = new Uint8Array(redacted.length);
  Buffer.from(own.buffer).write(redacted, 'latin1');
  return own;
}
