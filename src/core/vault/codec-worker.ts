// The entry of the helper thread: compresses, decompresses and identifies one batch after another. It sees content, and no key but the one of
// content ids, which opens nothing. It opens no file, and writes only into those that were opened for it.

import { parentPort } from 'node:worker_threads';

import { BOX_CODECS, type BoxCodec } from '../crypto/box.ts';
import { contentIdOf, type ContentIdKey } from '../crypto/content-id.ts';
import type { CodecReply, CodecRequest } from './content/codec-helper.ts';
import { decodeContent, encodeContent } from './content/codec.ts';
import { writeIntoFile, type FileWrites } from './content/file-writes.ts';
import { packBytes, releasePacked, unpackBytes } from './content/packed-bytes.ts';
import { releaseOwner } from '../../shared/memory/release.ts';

const port = parentPort;
if (port === null) throw new RangeError('the codec worker runs in a worker thread only');

port.on('message', (request: CodecRequest) => {
  const reply = perform(request);
  releasePacked(request.inputs);
  port.postMessage(reply, [reply.results.bytes]);
});

function perform(request: CodecRequest): CodecReply {
  const inputs = unpackBytes(request.inputs);
  if (request.type === 'encode') {
    const encoded = inputs.map((content) => encodeContent(content, request.level));
    return {
      job: request.job,
      codecs: encoded.map(({ codec }) => codec),
      written: [],
      results: packBytes(encoded.map(({ payload }) => payload)),
    };
  }
  if (request.type === 'identify') {
    const ids = inputs.map((payload, index) => identify(payload, request.codecs[index] ?? 0, request));
    return { job: request.job, codecs: [], written: [], results: packBytes(ids) };
  }
  const written: boolean[] = [];
  const contents = inputs.map((payload, index) => {
    const content = decodeOrNothing(payload, request.maxBytes);
    const writes = request.writes[index] ?? null;
    written.push(writes !== null && isWritten(writes, content));
    return writes === null ? content : new Uint8Array(0);
  });
  return { job: request.job, codecs: [], written, results: packBytes(contents) };
}

/** Empty where it does not decode. */
function identify(
  payload: Uint8Array,
  codec: BoxCodec,
  { maxBytes, key }: { readonly maxBytes: number; readonly key: ContentIdKey },
): Uint8Array {
  const content = codec === BOX_CODECS.raw ? payload : decodeOrNothing(payload, maxBytes);
  if (content.length === 0 && payload.length > 0) return content;
  const id = contentIdOf(key, [content]);
  if (content !== payload) releaseOwner(content);
  return id;
}

/** Where it cannot be written, the caller tries it too and finds out why. */
function isWritten(writes: FileWrites, content: Uint8Array): boolean {
  if (content.length === 0) return false;
  try {
    writeIntoFile(writes, content);
    return true;
  } catch {
    return false;
  } finally {
    releaseOwner(content);
  }
}

/** What does not decode comes back empty; the caller finds out why. */
function decodeOrNothing(payload: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return decodeContent(
      BOX_CODECS.zstd,
      Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
      maxBytes,
    );
  } catch {
    return new Uint8Array(0);
  }
}
