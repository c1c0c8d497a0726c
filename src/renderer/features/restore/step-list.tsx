// Steps as a person reads them: by what becomes of them, each with its reason.

import { Check, CircleDashed, CircleMinus, CircleX } from 'lucide-react';
import { useState } from 'react';

import type { RestoreStepView } from '../../../shared/contract/schemas.ts';
import type { StepStatus } from '../../../shared/model/restore.ts';
import { Button } from '../../components/button.tsx';
import { formatCount, plural } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { actionWords, groupSteps, STATUS_WORDS } from './steps.ts';

const ICONS = { planned: CircleDashed, done: Check, skipped: CircleMinus, failed: CircleX } as const;
const SHOWN_AT_ONCE = 100;
const HEADINGS: Readonly<Record<StepStatus, string>> = {
  planned: 'planned',
  done: 'done',
  skipped: 'skipped',
  failed: 'failed',
};

export function StepList({ steps }: { readonly steps: readonly RestoreStepView[] }) {
  return (
    <div className="stack">
      {groupSteps(steps).map((group) => (
        <StepGroup key={group.status} status={group.status} steps={group.steps} />
      ))}
    </div>
  );
}

function StepGroup({ status, steps }: { readonly status: StepStatus; readonly steps: readonly RestoreStepView[] }) {
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const Icon = ICONS[status];
  return (
    <section className="stack" style={{ gap: 4 }} aria-label={HEADINGS[status]}>
      <h3>
        {plural(steps.length, 'step')} {HEADINGS[status]}
      </h3>
      <ul className="restore-steps">
        {steps.slice(0, shown).map((step, at) => (
          <li key={`${at} ${step.key}`} className={`restore-step restore-step--${status}`}>
            <Icon size={16} aria-label={STATUS_WORDS[status]} role="img" className="restore-step__icon" />
            <div className="grow">
              <div className="row">
                {step.kind !== undefined && <KindIcon kind={step.kind} size={14} />}
                <strong className="captured restore-step__title">
                  {plainTitle(step.title ?? step.key) || 'Without a title'}
                </strong>
                <span className="soft small">{actionWords(step.action)}</span>
              </div>
              <p className="captured small">{plainTitle(step.detail)}</p>
            </div>
          </li>
        ))}
      </ul>
      {steps.length > shown && (
        <Button onClick={() => setShown(shown + SHOWN_AT_ONCE * 5)}>
          Show more ({formatCount(steps.length - shown)})
        </Button>
      )}
    </section>
  );
}
