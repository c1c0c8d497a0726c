// After packing: the command line, which runs under the system's Node and so cannot lie in the archive, is put beside it as files. The
// archive, which Electron checks before it runs anything of it, stays as it is.

import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { extractAll } from '@electron/asar';

const PROGRAMS = ['cairn', 'cairn-browser-host'];

interface PackContext {
  readonly appOutDir: string;
  readonly packager: { getResourcesDir(appOutDir: string): string };
}

// oxlint-disable-next-line import/no-default-export -- the packager loads hooks so
export default function copyCommandLine({ appOutDir, packager }: PackContext): void {
  const resources = packager.getResourcesDir(appOutDir);
  const target = join(resources, 'command');
  rmSync(target, { recursive: true, force: true });
  extractAll(join(resources, 'app.asar'), target);
  for (const name of PROGRAMS) chmodSync(join(target, 'bin', name), 0o755);
}
