// The IDEs of JetBrains: the folders of their settings, one a version, and the programs that start them.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { readArguments, readOwner, readProcesses } from '../host/proc.ts';
import type { Host } from '../source.ts';

const FOLDER = /^([A-Za-z]+)(\d{4}(?:\.\d{1,2}){1,2})$/;
/** Solutions, not projects, are what Rider lists. */
const PROJECT_LISTS = ['recentProjects.xml', 'recentSolutions.xml'];

interface Product {
  readonly title: string;
  readonly programs: readonly string[];
}

const PRODUCTS: ReadonlyMap<string, Product> = new Map([
  ['IntelliJIdea', { title: 'IntelliJ IDEA', programs: ['idea', 'idea.sh', 'intellij-idea-ultimate'] }],
  ['IdeaIC', { title: 'IntelliJ IDEA Community', programs: ['idea', 'idea.sh', 'intellij-idea-community'] }],
  ['PyCharm', { title: 'PyCharm', programs: ['pycharm', 'pycharm.sh', 'pycharm-professional'] }],
  ['PyCharmCE', { title: 'PyCharm Community', programs: ['pycharm', 'pycharm.sh', 'pycharm-community'] }],
  ['WebStorm', { title: 'WebStorm', programs: ['webstorm', 'webstorm.sh'] }],
  ['GoLand', { title: 'GoLand', programs: ['goland', 'goland.sh'] }],
  ['CLion', { title: 'CLion', programs: ['clion', 'clion.sh'] }],
  ['PhpStorm', { title: 'PhpStorm', programs: ['phpstorm', 'phpstorm.sh'] }],
  ['RubyMine', { title: 'RubyMine', programs: ['rubymine', 'rubymine.sh'] }],
  ['Rider', { title: 'Rider', programs: ['rider', 'rider.sh'] }],
  ['RustRover', { title: 'RustRover', programs: ['rustrover', 'rustrover.sh'] }],
  ['DataGrip', { title: 'DataGrip', programs: ['datagrip', 'datagrip.sh'] }],
  ['DataSpell', { title: 'DataSpell', programs: ['dataspell', 'dataspell.sh'] }],
  ['AndroidStudio', { title: 'Android Studio', programs: ['studio', 'studio.sh', 'android-studio'] }],
]);

/** An IDE whose settings are here. */
export interface Ide extends Product {
  /** The settings' folder and its name: `IntelliJIdea2024.1`. */
  readonly folder: string;
  readonly name: string;
  /** The file that lists its projects. */
  readonly projectList: string;
}

/** One a product: the settings that were written last, since older versions stay behind. */
export function findIdes(host: Host): Ide[] {
  const newest = new Map<string, { readonly ide: Ide; readonly mtimeMs: number }>();
  for (const root of settingsFolders(host)) {
    for (const name of listNames(root)) {
      const product = productOf(name);
      const projectList = PROJECT_LISTS.map((file) => join(root, name, 'options', file)).find(
        (file) => mtimeOf(file) > 0,
      );
      if (product === null || projectList === undefined) continue;
      const mtimeMs = mtimeOf(projectList);
      if (mtimeMs <= (newest.get(product.title)?.mtimeMs ?? 0)) continue;
      newest.set(product.title, { ide: { ...product, name, folder: join(root, name), projectList }, mtimeMs });
    }
  }
  return [...newest.values()].map(({ ide }) => ide);
}

/** The product that a folder of settings belongs to; null where it is another's. */
export function productOf(folderName: string): Product | null {
  return PRODUCTS.get(FOLDER.exec(folderName)?.[1] ?? '') ?? null;
}

/** True where the IDE runs: it is started with the name of its settings, or from its own program. */
export function isIdeRunning(host: Host, { name, programs }: Ide): boolean {
  const selector = `-Didea.paths.selector=${name}`;
  return readProcesses(host).some((process) => {
    if (process.isZombie || readOwner(host.procDir, process.pid) !== host.uid) return false;
    if (programs.includes(process.name)) return true;
    return process.name === 'java' && readArguments(host, process.pid).includes(selector);
  });
}

function settingsFolders({ env, homeDir }: Host): string[] {
  const settings = env['XDG_CONFIG_HOME'] || join(homeDir, '.config');
  return [settings, join(homeDir, 'Library/Application Support')].flatMap((parent) =>
    ['JetBrains', 'Google'].map((vendor) => join(parent, vendor)),
  );
}

function mtimeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  } catch {
    return 0; // not ours to look at
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there
  }
}
