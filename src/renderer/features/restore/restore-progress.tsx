// A restore from its plan to its report, with what can be done at each point.

import { Link } from 'wouter';

import { Button } from '../../components/button.tsx';
import { ErrorMessage, Loading, Message, ProgressBar } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { countPlanned, countSteps, countWords } from './steps.ts';
import { StepList } from './step-list.tsx';
import type { Restoring, RestoreRequestView } from './use-restore.ts';

export interface RestoreProgressProps {
  readonly restoring: Restoring;
  readonly request: RestoreRequestView;
}

export function RestoreProgress({ restoring, request }: RestoreProgressProps) {
  const { error } = restoring;
  return (
    <>
      {error !== null && <ErrorMessage error={error} />}
      <Content restoring={restoring} request={request} />
    </>
  );
}

function Content({ restoring, request }: RestoreProgressProps) {
  const { state, plan, run, cancel, undo, reset } = restoring;
  const isEmpty = request.only.length === 0;
  switch (state.type) {
    case 'choosing':
      return (
        <div className="row wrap">
          <Button look="primary" size="large" disabled={isEmpty} onClick={() => plan(request)}>
            Show the plan
          </Button>
          <span className="soft">
            {isEmpty ? 'Tick something first.' : `${plural(request.only.length, 'item')}. Nothing is done yet.`}
          </span>
        </div>
      );
    case 'planning':
      return <Loading what="Looking at what is open, and planning" />;
    case 'planned': {
      const planned = countPlanned(state.steps);
      return (
        <>
          <div className="row wrap">
            <div className="grow" role="status">
              <h2>{planned === 0 ? 'Nothing to do' : `The plan for ${plural(planned, 'item')}`}</h2>
            </div>
            <Button look="primary" size="large" disabled={planned === 0} onClick={() => run(request)}>
              Restore {plural(planned, 'item')}
            </Button>
          </div>
          {planned === 0 && (
            <Message>All of this is open already, or cannot be brought back. Each reason is below.</Message>
          )}
          <StepList steps={state.steps} />
        </>
      );
    }
    case 'running':
      return (
        <>
          <h2>Restoring</h2>
          <ProgressBar label={progressLabel(state)} done={state.done} total={state.total} />
          <div className="row wrap">
            <Button aria-disabled={state.isStopping} onClick={cancel}>
              {state.isStopping ? 'Stopping…' : 'Cancel'}
            </Button>
            <span className="soft">What is done by then stays, and can be taken back.</span>
          </div>
          <StepList steps={state.steps} />
        </>
      );
    case 'ended': {
      const { done, failed } = countSteps(state.steps);
      return (
        <>
          <h2 className="visually-hidden">Report</h2>
          <Message tone={failed > 0 || state.isCancelled ? 'warn' : 'good'}>
            <strong>
              {state.isCancelled ? 'Stopped' : 'Restored'}: {countWords(state.steps)}.
            </strong>{' '}
            {!state.isCertain && 'What was under way at that moment may be there too.'}
          </Message>
          <div className="row wrap">
            {done > 0 && <Button onClick={undo}>Undo this restore</Button>}
            <Button onClick={reset}>Restore something else</Button>
            <Link className="button" href="/">
              To the timeline
            </Link>
          </div>
          <StepList steps={state.steps} />
        </>
      );
    }
    case 'undoing':
      return <Loading what="Taking it back" />;
    case 'undone':
      return (
        <>
          <h2 className="visually-hidden">Report</h2>
          <Message tone={countSteps(state.report.steps).failed > 0 ? 'warn' : 'good'}>
            <strong>Taken back: {countWords(state.report.steps)}.</strong>
          </Message>
          <div className="row wrap">
            <Button onClick={reset}>Restore something else</Button>
            <Link className="button" href="/">
              To the timeline
            </Link>
          </div>
          <StepList steps={state.report.steps} />
        </>
      );
  }
}

function progressLabel({ done, total }: { readonly done: number; readonly total: number }): string {
  return total === 0 ? 'Capturing the present, and planning' : `${done} of ${total} steps`;
}
