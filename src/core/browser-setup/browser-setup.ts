// Sets the browser extension up: writes, removes and looks at the files that let browsers start Cairn's helper program. The extension itself is loaded by
// the user: no program may do that for them.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import type { Host } from '../sources/source.ts';
import { findBrowserTargets, type BrowserTarget } from './browser-targets.ts';
import {
  hostManifestText,
  readHostManifest,
  removeHostManifest,
  writeHostManifest,
  type FoundManifest,
} from './host-manifest.ts';
import { findExtensionProfiles, type ExtensionProfile } from './extension-profiles.ts';

/** What was done, or would be, for one browser. */
export const SETUP_OUTCOMES = [
  'written',
  'unchanged', // it stood there as it should
  'removed',
  'absent', // no such browser, or nothing of Cairn's to remove
  'sandboxed', // a browser that starts no programs
  'foreign', // something that is not Cairn's stands in the place: it was left alone
  'failed',
] as const;
export type SetupOutcome = (typeof SETUP_OUTCOMES)[number];

export interface SetupResult {
  readonly id: SourceId;
  readonly title: string;
  readonly outcome: SetupOutcome;
  readonly path: string;
  /** Why it failed, as half a sentence. */
  readonly why?: string;
}

export interface BrowserStatus {
  readonly id: SourceId;
  readonly title: string;
  readonly isPresent: boolean;
  readonly path: string;
  /** `other`: Cairn's, but of another installation. */
  readonly manifest: 'missing' | 'ours' | 'other' | 'foreign';
  readonly profiles: readonly ExtensionProfile[];
}

export interface BrowserSetup {
  /** The folder that a browser loads the extension from. */
  readonly extensionFolder: string;
  /** The program that browsers start. */
  readonly hostProgram: string;
  /** @param ids empty means every browser that is here. @throws AppError USAGE_INVALID for a browser that is not known */
  install(ids: readonly string[], options: { readonly isDryRun: boolean }): readonly SetupResult[];
  /** @param ids empty means all. @throws AppError USAGE_INVALID */
  uninstall(ids: readonly string[], options: { readonly isDryRun: boolean }): readonly SetupResult[];
  status(signal: AbortSignal): Promise<readonly BrowserStatus[]>;
}

/** Where the parts lie that browsers need: `bin` and `resources` of this installation. Tests name others. */
export interface SetupPlace {
  readonly extensionFolder: string;
  readonly hostProgram: string;
}

/** Looks at nothing before it is asked. @throws AppError EXEC_FAILED where this installation has no extension */
export function createBrowserSetup(host: Host, place: SetupPlace = findSetupPlace()): BrowserSetup {
  const { hostProgram, extensionFolder } = place;
  const each = (ids: readonly string[], work: (target: BrowserTarget) => SetupOutcome): SetupResult[] =>
    chooseTargets(findBrowserTargets(host), ids).map((target) => {
      const { id, title, manifestPath: path } = target;
      try {
        return { id, title, path, outcome: work(target) };
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
        return { id, title, path, outcome: 'failed', why: `the file system said ${code}` };
      }
    });
  return {
    extensionFolder,
    hostProgram,
    install: (ids, { isDryRun }) =>
      each(ids, (target) => install(target, hostProgram, isDryRun)).filter(
        ({ outcome }) => ids.length > 0 || (outcome !== 'absent' && outcome !== 'sandboxed'),
      ),
    uninstall: (ids, { isDryRun }) =>
      each(ids, ({ manifestPath }) => uninstall(manifestPath, isDryRun)).filter(
        ({ outcome }) => ids.length > 0 || outcome !== 'absent',
      ),
    status: (signal) =>
      Promise.all(findBrowserTargets(host).map((target) => statusOf(host, target, hostProgram, signal))),
  };
}

function install(target: BrowserTarget, program: string, isDryRun: boolean): SetupOutcome {
  if (!target.isPresent) return target.isSandboxed ? 'sandboxed' : 'absent';
  const found = readHostManifest(target.manifestPath);
  if (found.state === 'foreign') return 'foreign';
  const earlierFolders = found.state === 'ours' ? found.madeFolders : 0;
  if (found.state === 'ours' && found.text === hostManifestText(target.family, program, earlierFolders))
    return 'unchanged';
  if (!isDryRun) writeHostManifest(target.manifestPath, target.family, program, earlierFolders);
  return 'written';
}

function uninstall(path: string, isDryRun: boolean): SetupOutcome {
  const found = readHostManifest(path);
  if (found.state === 'missing') return 'absent';
  if (found.state === 'foreign') return 'foreign';
  if (!isDryRun) removeHostManifest(path, found.madeFolders);
  return 'removed';
}

async function statusOf(
  host: Host,
  target: BrowserTarget,
  program: string,
  signal: AbortSignal,
): Promise<BrowserStatus> {
  const { id, title, isPresent, manifestPath: path } = target;
  return {
    id,
    title,
    isPresent,
    path,
    manifest: manifestState(readHostManifest(path), program),
    profiles: await findExtensionProfiles(host, target, signal),
  };
}

function manifestState(found: FoundManifest, program: string): BrowserStatus['manifest'] {
  if (found.state !== 'ours') return found.state;
  return found.program === program ? 'ours' : 'other';
}

function chooseTargets(targets: readonly BrowserTarget[], ids: readonly string[]): readonly BrowserTarget[] {
  const unknown = ids.find((id) => targets.every((target) => target.id !== id));
  if (unknown !== undefined) {
    throw new AppError('USAGE_INVALID', `There is no browser "${unknown.slice(0, 100)}" that Cairn knows.`, {
      hint: `It may be ${targets.map(({ id }) => id).join(', ')}.`,
    });
  }
  return ids.length === 0 ? targets : targets.filter(({ id }) => ids.includes(id));
}

function findSetupPlace(): SetupPlace {
  // Three folders below the project's in the source tree and in a chunk of a build, two in a build's entry.
  for (const root of ['../../../', '../../']) {
    const at = (name: string): string => fileURLToPath(new URL(`${root}${name}`, import.meta.url));
    const place = { hostProgram: at('bin/cairn-browser-host'), extensionFolder: at('resources/browser-extension') };
    if (existsSync(place.hostProgram) && existsSync(place.extensionFolder)) return place;
  }
  throw new AppError('EXEC_FAILED', 'This installation of Cairn comes without the browser extension.', {
    hint: 'It is part of the source tree: run bin/cairn there.',
  });
}
