// How one thing stands: a sentence, its tone as an icon and, where it is not well, as words too.

import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';

import type { Fact } from './tell-upkeep.ts';

const ICONS = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, info: Info } as const;
const TONE_WORDS = { good: 'Well', warn: 'Look at this', bad: 'Trouble', info: 'Note' } as const;

export function FactLine({ fact: { tone, text } }: { readonly fact: Fact }) {
  const Icon = ICONS[tone];
  return (
    <li className="fact">
      <Icon size={18} aria-hidden className={`fact__icon fact__icon--${tone}`} />
      <span>
        {tone !== 'good' && tone !== 'info' && <strong>{TONE_WORDS[tone]}: </strong>}
        <span className="captured">{text}</span>
      </span>
    </li>
  );
}
