// How `bin/cairn` starts Node, and why, stands there.

import { ALLOCATOR_SETTINGS } from '../../src/cli/allocator-settings.ts';

export const NODE_FLAGS = ['--no-memory-protection-keys', '--max-semi-space-size=2'] as const;

/** The environment with what is set for Node. */
export function nodeEnvironment(env: Readonly<Record<string, string | undefined>>) {
  return { ...env, ...ALLOCATOR_SETTINGS };
}
