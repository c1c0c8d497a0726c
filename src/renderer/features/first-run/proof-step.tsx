// The last step: something small is destroyed and brought back, for everybody to see. A restore that nobody has seen is not trusted.

import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';

import { Button } from '../../components/button.tsx';
import { ErrorMessage, Message } from '../../components/feedback.tsx';
import { setSetup } from '../../stores/ui.ts';
import { Step } from './step.tsx';
import { useProof, type Proof } from './use-proof.ts';

export function ProofStep() {
  const proof = useProof();
  const [, navigate] = useLocation();
  const isRunning = proof.state === 'running';
  const hasShown = proof.state === 'proven' || proof.state === 'left-out';
  const handleOpen = (): void => {
    proof.cancel();
    navigate('/');
    setSetup('done');
  };
  return (
    <Step
      title="See a restore work"
      intro={
        <p>
          Cairn makes something small in a scratch folder, captures it into a scratch vault, destroys it, and brings it
          back. Nothing of yours is touched, and nothing is left behind.
        </p>
      }
    >
      {proof.state !== 'idle' && <Lines proof={proof} />}
      <Outcome proof={proof} />
      <div className="first-run__actions">
        {isRunning && (
          <Button look="quiet" onClick={proof.cancel}>
            Cancel
          </Button>
        )}
        <span className="grow" />
        {!hasShown && (
          <Button look="primary" size="large" aria-disabled={isRunning} onClick={proof.start}>
            {proof.state === 'idle' ? 'Show me' : isRunning ? 'Showing…' : 'Show me again'}
          </Button>
        )}
        <Button look={hasShown ? 'primary' : 'plain'} size="large" onClick={handleOpen}>
          Open Cairn
        </Button>
      </div>
    </Step>
  );
}

function Lines({ proof: { lines, state } }: { readonly proof: Proof }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [lines]);
  return (
    <div className="first-run__terminal" ref={box} role="log" aria-label="The proof, line by line" tabIndex={0}>
      {lines.map((line, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- lines only ever come at the end
        <div key={at} className="captured">
          {line}
        </div>
      ))}
      {state === 'running' && <div className="first-run__cursor" aria-hidden />}
    </div>
  );
}

function Outcome({ proof: { state, error } }: { readonly proof: Proof }) {
  if (error !== null) return <ErrorMessage error={error} />;
  if (state === 'proven')
    return (
      <Message tone="good">
        <strong>It came back, the same as before.</strong> That is what a restore does with your own work too.
      </Message>
    );
  if (state === 'left-out')
    return <Message>It could not be shown here. Your captures are not touched by that, and go on.</Message>;
  if (state === 'cancelled') return <Message>Cancelled. What was made for it is gone again.</Message>;
  return null;
}
