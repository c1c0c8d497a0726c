import { describe, expect, it } from 'vitest';

import { chooseShell, type StartFacts } from '../../scripts/start.ts';

function facts(overrides: Partial<StartFacts> = {}): StartFacts {
  return {
    platform: 'linux',
    env: { DISPLAY: ':0' },
    findElectron: () => null,
    fetchElectron: () => undefined,
    ...overrides,
  };
}

describe('npm start', () => {
  it('opens the desktop app where its program is', () => {
    expect(chooseShell(facts({ findElectron: () => '/electron' }))).toEqual({ shell: 'desktop', program: '/electron' });
  });

  it('fetches the program once, and opens it then', () => {
    let fetched = 0;
    const start = chooseShell(
      facts({ findElectron: () => (fetched > 0 ? '/electron' : null), fetchElectron: () => void (fetched += 1) }),
    );
    expect(start).toEqual({ shell: 'desktop', program: '/electron' });
    expect(fetched).toBe(1);
  });

  it('says why where there is no program, and serves', () => {
    expect(chooseShell(facts())).toEqual({
      shell: 'serve',
      why: expect.stringMatching(/could not be fetched/) as unknown,
    });
  });

  it('serves without a display, and fetches nothing', () => {
    const fetchElectron = (): never => {
      throw new Error('nothing is fetched');
    };
    expect(chooseShell(facts({ env: {}, fetchElectron }))).toMatchObject({ shell: 'serve' });
    expect(chooseShell(facts({ env: {}, platform: 'darwin' }))).toMatchObject({ shell: 'serve' });
  });
});
