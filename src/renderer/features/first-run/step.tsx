// The frame of a step: its heading, which takes the focus when the step comes, and what stands below.

import { useEffect, useRef, type ReactNode } from 'react';

export interface StepProps {
  readonly title: string;
  readonly intro: ReactNode;
  /** False for the first one: nobody has pressed anything yet. */
  readonly takesFocus?: boolean;
  readonly children: ReactNode;
}

export function Step({ title, intro, takesFocus = true, children }: StepProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) heading.current?.focus();
  }, [takesFocus, title]);
  return (
    <div className="first-run__step">
      <div className="stack">
        <h1 ref={heading} tabIndex={-1} className="first-run__title">
          {title}
        </h1>
        <div className="first-run__intro">{intro}</div>
      </div>
      {children}
    </div>
  );
}
