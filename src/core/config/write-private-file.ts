import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file (0600) as a whole or not at all: whoever reads it, also after a power cut, finds the old text or the new one. Of two
 * writers at once the later one stays.
 * @throws the file system's error; the old file is then as it was
 */
export function writePrivateFileSync(path: string, text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    // A left-over of a process that ended here long ago must not be written through.
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, text, null, encoding);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the rename itself durable; Windows cannot open folders and needs no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
