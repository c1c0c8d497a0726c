// Settings: a list of sections, one of them open, each with an address of its own.

import './settings.css';

import type { ComponentType } from 'react';
import { Link } from 'wouter';

import { About } from './about-section.tsx';
import { Appearance } from './appearance-section.tsx';
import { Capture } from './capture-section.tsx';
import { Data } from './data-section.tsx';
import { Exclusions } from './exclusions-section.tsx';
import { Keys } from './keys/keys-section.tsx';
import { Lock } from './lock-section.tsx';
import { Retention } from './retention-section.tsx';
import { SettingsAccess } from './settings-access.tsx';
import { Sources } from './sources-section.tsx';
import { Start } from './start-section.tsx';
import { Sync } from './sync/sync-section.tsx';
import { Teams } from './teams/teams-section.tsx';

interface SectionEntry {
  readonly id: string;
  readonly label: string;
  readonly content: ComponentType;
}

const SECTIONS: readonly [SectionEntry, ...SectionEntry[]] = [
  { id: 'sources', label: 'Sources', content: Sources },
  { id: 'capture', label: 'Capture', content: Capture },
  { id: 'exclusions', label: 'Exclusions', content: Exclusions },
  { id: 'retention', label: 'Retention', content: Retention },
  { id: 'lock', label: 'Lock', content: Lock },
  { id: 'keys', label: 'Keys', content: Keys },
  { id: 'start', label: 'Start and updates', content: Start },
  { id: 'sync', label: 'Sync', content: Sync },
  { id: 'teams', label: 'Teams', content: Teams },
  { id: 'appearance', label: 'Appearance', content: Appearance },
  { id: 'data', label: 'Data', content: Data },
  { id: 'about', label: 'About', content: About },
];

export function Settings({ section }: { readonly section: string }) {
  const { id: current, content: Content } = SECTIONS.find(({ id }) => id === section) ?? SECTIONS[0];
  return (
    <div className="settings">
      <div className="settings__side">
        <h1>Settings</h1>
        <nav aria-label="Sections of the settings">
          <ul className="settings__list">
            {SECTIONS.map(({ id, label }) => (
              <li key={id}>
                <Link
                  href={`/settings/${id}`}
                  className="settings__link"
                  aria-current={id === current ? 'page' : undefined}
                >
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      <div className="settings__content">
        <SettingsAccess>
          <Content key={current} />
        </SettingsAccess>
      </div>
    </div>
  );
}
