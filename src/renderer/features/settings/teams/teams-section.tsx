// Teams: with whom published sessions are shared. Who is in which, who comes in, and which project is published to whom.

import './teams.css';

import { useState, type FormEvent } from 'react';

import type { TeamView } from '../../../../shared/contract/publishing.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { TextField } from '../../../components/fields.tsx';
import { ServerError } from '../../../components/server-error.tsx';
import { plainTitle } from '../../../components/visible-text.ts';
import { Part, Section } from '../section.tsx';
import { Team } from './team.tsx';
import { TeamProjects } from './team-projects.tsx';

export function Teams() {
  return (
    <Section
      title="Teams"
      intro="Sessions that you publish may be read by a team. That is another thing than sync: the server and the team can read them, after their secrets were taken out."
    >
      <TeamParts />
    </Section>
  );
}

function TeamParts() {
  const { data, error, reload } = useQuery('teams', (signal) => api.teams.list(undefined, { signal }));
  if (data === null && error !== null) return <ServerError error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Asking for your teams" />;
  return (
    <>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data.teams.length === 0 && <p className="soft">You are in no team yet. Make one, or join with a code.</p>}
      {data.teams.map((team: TeamView) => (
        <Part key={team.id} title={plainTitle(team.name)}>
          <Team team={team} onLeft={reload} />
        </Part>
      ))}
      <Part title="Make a team">
        <OneField
          label="Name of the team"
          action="Make the team"
          maxLength={100}
          onDo={async (name) => {
            await api.teams.create({ name });
            reload();
          }}
        />
      </Part>
      <Part title="Join a team">
        <OneField
          label="Code of the invitation"
          hint="Somebody in the team gives it to you. It lets one person in, once."
          action="Join"
          maxLength={200}
          onDo={async (code) => {
            await api.teams.join({ code });
            reload();
          }}
        />
      </Part>
      {data.teams.length > 0 && (
        <Part title="Projects">
          <TeamProjects teams={data.teams} />
        </Part>
      )}
    </>
  );
}

interface OneFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly action: string;
  readonly maxLength: number;
  readonly onDo: (text: string) => Promise<void>;
}

function OneField({ label, hint, action, maxLength, onDo }: OneFieldProps) {
  const [text, setText] = useState('');
  const doing = useAction(async () => {
    await onDo(text.trim());
    setText('');
  });
  const isReady = text.trim() !== '' && !doing.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) void doing.run();
  };
  return (
    <form className="settings__form" onSubmit={handleSubmit}>
      <TextField
        label={label}
        hint={hint}
        value={text}
        onValue={setText}
        maxLength={maxLength}
        autoComplete="off"
        spellCheck={false}
      />
      {doing.error !== null && <ErrorMessage error={doing.error} />}
      <div className="row">
        <Button type="submit" aria-disabled={!isReady}>
          {action}
        </Button>
      </div>
    </form>
  );
}
