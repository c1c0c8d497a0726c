// Copies a text, and says whether that worked.

import { Check, Copy } from 'lucide-react';
import { useState } from 'react';

import { Button } from './button.tsx';

export interface CopyButtonProps {
  readonly text: string;
  readonly label?: string;
}

export function CopyButton({ text, label = 'Copy' }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'failed'>('none');
  const handleClick = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  return (
    <>
      <Button onClick={handleClick}>
        {outcome === 'copied' ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
        {label}
      </Button>
      <span className="small soft" role="status">
        {outcome === 'copied' && 'Copied.'}
        {outcome === 'failed' && 'It could not be copied: select it and copy it by hand.'}
      </span>
    </>
  );
}
