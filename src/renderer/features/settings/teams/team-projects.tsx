// Which folders' sessions are published to which team, where nobody says otherwise.

import { useState, type FormEvent } from 'react';

import type { TeamView } from '../../../../shared/contract/publishing.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { SelectField, TextField } from '../../../components/fields.tsx';
import { plainTitle } from '../../../components/visible-text.ts';

export function TeamProjects({ teams }: { readonly teams: readonly TeamView[] }) {
  const { data, error, reload } = useQuery('team projects', (signal) => api.teams.projects(undefined, { signal }));
  const [path, setPath] = useState('');
  const [team, setTeam] = useState(teams[0]?.id ?? '');
  const mapping = useAction(async (projectPath: string, to: string | null) => {
    await api.teams.mapProject({ projectPath, team: to });
    setPath('');
    reload();
  });
  const isReady = path.trim() !== '' && team !== '' && !mapping.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) void mapping.run(path.trim(), team);
  };
  if (data === null && error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Asking for the projects" />;
  return (
    <>
      <p className="soft">
        When you publish a session of one of these folders, its team is suggested. Nothing is published by itself.
      </p>
      {data.projects.length > 0 && (
        <ul className="stack">
          {data.projects.map((project) => (
            <li key={project.projectPath} className="row">
              <span className="grow captured">
                <span className="mono">{plainTitle(project.projectPath)}</span> to{' '}
                {plainTitle(teams.find(({ id }) => id === project.team)?.name ?? 'another team')}
              </span>
              <Button
                look="quiet"
                aria-label={`Remove the suggestion for ${plainTitle(project.projectPath)}`}
                disabled={mapping.isRunning}
                onClick={() => void mapping.run(project.projectPath, null)}
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      <form className="settings__form" onSubmit={handleSubmit}>
        <TextField label="Folder of a project" value={path} onValue={setPath} maxLength={4_096} spellCheck={false} />
        <SelectField
          label="Team"
          value={team}
          options={teams.map(({ id, name }) => ({ value: id, label: plainTitle(name) }))}
          onValue={setTeam}
        />
        {mapping.error !== null && <ErrorMessage error={mapping.error} />}
        <div className="row">
          <Button type="submit" aria-disabled={!isReady}>
            Suggest this team
          </Button>
        </div>
      </form>
    </>
  );
}
