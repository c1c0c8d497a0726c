// Gives memory back at once. The collector sees only small objects and lets large buffers wait, by the hundred megabytes.

const MIN_BYTES = 512;
/** An opened box has a length before its payload and padding after it. A pooled Buffer takes half of its pool at most. */
const MAX_SLACK = 1.15;
const MAX_SLACK_BYTES = 64;

/** Frees bytes that nobody will look at again. Only where they are all of their buffer, so that no other view can lose its own. */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (bytes.byteLength < MIN_BYTES || buffer.byteLength > bytes.byteLength * MAX_SLACK + MAX_SLACK_BYTES) return;
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
