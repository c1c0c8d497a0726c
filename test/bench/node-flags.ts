/** What `bin/cairn` starts Node with, and why, stands there. */
export const NODE_FLAGS = ['--no-memory-protection-keys', '--max-semi-space-size=2'] as const;
