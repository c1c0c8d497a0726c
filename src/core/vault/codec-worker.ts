// The entry of the helper thread: compresses and decompresses one batch after another. It sees content, never a key, and opens no file.

import { parentPort } from 'node:worker_threads';

import { BOX_CODECS } from '../crypto/box.ts';
import type { CodecReply, CodecRequest } from './content/codec-helper.ts';
import { decodeContent, encodeContent } from './content/codec.ts';
import { packBytes, releasePacked, unpackBytes } from './content/packed-bytes.ts';

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
      results: packBytes(encoded.map(({ payload }) => payload)),
    };
  }
  const contents = inputs.map((payload) => decodeOrNothing(payload, request.maxBytes));
  return { job: request.job, codecs: [], results: packBytes(contents) };
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
