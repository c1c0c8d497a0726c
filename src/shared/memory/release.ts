// Gives memory back at once. The collector sees only small objects and lets large buffers wait, by the hundred megabytes.

const MIN_BYTES = 512;
/** An opened box has a length before its payload and padding after it; a decoded content has room to spare. */
const MAX_SLACK = 1.15;
const MAX_SLACK_BYTES = 64;

/** Frees bytes that nobody will look at again, where they are all of their buffer: so no other view can lose its own. */
export function release(bytes: Uint8Array): void {
  if (bytes.byteLength === bytes.buffer.byteLength) detach(bytes);
}

/**
 * Frees the buffer of a payload that a box was opened to, or of a content that was decoded here: the one view of a buffer somewhat larger
 * than it. A pooled Buffer takes half of its pool at most, so it is never taken for one.
 */
export function releaseOwner(bytes: Uint8Array): void {
  if (bytes.buffer.byteLength <= bytes.byteLength * MAX_SLACK + MAX_SLACK_BYTES) detach(bytes);
}

function detach({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= MIN_BYTES && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
