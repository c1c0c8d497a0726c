// The frame of a section and of its parts: headings in order, and what belongs together in a card.

import { useId, type ReactNode } from 'react';

export interface SectionProps {
  readonly title: string;
  readonly intro?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ title, intro, children }: SectionProps) {
  const id = useId();
  return (
    <section className="settings__section" aria-labelledby={id}>
      <div className="settings__section-head">
        <h2 id={id}>{title}</h2>
        {intro !== undefined && <p className="soft">{intro}</p>}
      </div>
      {children}
    </section>
  );
}

export interface PartProps {
  readonly title?: string;
  readonly children: ReactNode;
}

export function Part({ title, children }: PartProps) {
  return (
    <div className="card settings__part">
      {title !== undefined && <h3>{title}</h3>}
      {children}
    </div>
  );
}

/** What counts in the desktop app only, where this is a browser's window. */
export function DesktopOnly({ isHere }: { readonly isHere: boolean }) {
  if (isHere) return null;
  return (
    <p className="settings__note">
      You are in a browser: these are kept, and count once the desktop app runs over the same data folder.
    </p>
  );
}
