// The editors of the VS Code family: where each keeps its files, and which program starts it.

import { join } from 'node:path';

import { parseSourceId, type SourceId } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';

export interface VsCodeProduct {
  readonly source: SourceId;
  readonly title: string;
  /** Its folder in the folders of settings. */
  readonly folder: string;
  /** Its folder below the home folder where it is packaged as a Flatpak. */
  readonly flatpak: string;
  readonly programs: readonly string[];
}

export const VS_CODE_PRODUCTS: readonly VsCodeProduct[] = [
  {
    source: parseSourceId('vscode'),
    title: 'VS Code',
    folder: 'Code',
    flatpak: '.var/app/com.visualstudio.code/config',
    programs: ['code'],
  },
  {
    source: parseSourceId('vscode-insiders'),
    title: 'VS Code Insiders',
    folder: 'Code - Insiders',
    flatpak: '.var/app/com.visualstudio.code.insiders/config',
    programs: ['code-insiders'],
  },
  {
    source: parseSourceId('vscodium'),
    title: 'VSCodium',
    folder: 'VSCodium',
    flatpak: '.var/app/com.vscodium.codium/config',
    programs: ['codium', 'vscodium'],
  },
  {
    // `cursor` alone would name its conversations.
    source: parseSourceId('cursor-editor'),
    title: 'Cursor, files',
    folder: 'Cursor',
    flatpak: '.var/app/com.cursor.Cursor/config',
    programs: ['cursor'],
  },
];

/** Where the product may keep its data. */
export function dataFolders({ folder, flatpak }: VsCodeProduct, host: Host): string[] {
  const settings = host.env['XDG_CONFIG_HOME'] || join(host.homeDir, '.config');
  const folders = [settings, join(host.homeDir, flatpak), join(host.homeDir, 'Library/Application Support')];
  return folders.map((parent) => join(parent, folder));
}

/** Where VS Code and its family keep what a user's extensions store, here and on machines that others connect to. */
export function userFolders(host: Host): string[] {
  const products = VS_CODE_PRODUCTS.flatMap((product) => dataFolders(product, host)).map((path) => join(path, 'User'));
  const servers = ['.vscode-server', '.vscode-server-insiders'].map((name) => join(host.homeDir, name, 'data', 'User'));
  return [...products, ...servers];
}
