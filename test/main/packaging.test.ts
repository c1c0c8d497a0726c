// What is packaged, and with which fuses: the lines that the packager reads.

import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const text = readFileSync(new URL('../../electron-builder.yml', import.meta.url), 'utf8');

/** The lines below a name of the top level, without their indentation. */
function linesOf(name: string): readonly string[] {
  const block = new RegExp(`^${name}:\\n((?: .*\\n|\\n)*)`, 'm').exec(text)?.[1] ?? '';
  return block.split('\n').map((line) => line.trim());
}

describe('electron-builder.yml', () => {
  it('turns off what would let a stranger run code in the name of an installed app', () => {
    expect(linesOf('electronFuses')).toEqual([
      'runAsNode: false',
      'enableCookieEncryption: true',
      'enableNodeOptionsEnvironmentVariable: false',
      'enableNodeCliInspectArguments: false',
      'enableEmbeddedAsarIntegrityValidation: true',
      'onlyLoadAppFromAsar: true',
      'grantFileProtocolExtraPrivileges: false',
      '',
    ]);
    expect(text).toMatch(/^asar: true$/m);
  });

  it('builds deb, AppImage, dmg and nsis, and rebuilds nothing', () => {
    expect(linesOf('linux')).toContain('target: [deb, AppImage]');
    expect(linesOf('mac')).toContain('target: [dmg]');
    expect(linesOf('win')).toContain('target: [nsis]');
    expect(linesOf('nsis')).toContain('deleteAppDataOnUninstall: false');
    expect(text).toMatch(/^npmRebuild: false$/m);
  });

  it('takes links of its own scheme, and ships what is built: no sources and no tests', () => {
    expect(linesOf('protocols')).toContain('schemes: [cairn]');
    expect(linesOf('files').filter((line) => /^- [a-z]/.test(line))).toEqual([
      '- out/**',
      '- bin/*',
      '- resources/icon.png',
      '- resources/tray/*.png',
      '- resources/shell-integration/*',
      '- resources/hooks/*',
      '- resources/browser-extension/*',
      '- package.json',
    ]);
  });
});
