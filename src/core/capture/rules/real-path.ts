import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Follows the symbolic links of a path as far as it exists and keeps the rest as it is. Blocking: for rules, when they are read,
 * never for captured paths.
 */
export function realPathSync(path: string): string {
  let existing = path;
  for (;;) {
    try {
      return join(realpathSync.native(existing), relative(existing, path));
    } catch {
      // Missing or not to be looked at: its folder may still be a link.
    }
    const parent = dirname(existing);
    if (parent === existing) return path;
    existing = parent;
  }
}
