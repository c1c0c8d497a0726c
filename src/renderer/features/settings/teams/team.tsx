// One team: its members, and what its owners do with them.

import { useState } from 'react';

import type { TeamView } from '../../../../shared/contract/publishing.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { ErrorMessage, Loading, Message } from '../../../components/feedback.tsx';
import { formatAge, formatMoment } from '../../../components/format.ts';
import { plainTitle } from '../../../components/visible-text.ts';

interface Member {
  readonly id: string;
  readonly name: string;
  readonly role: TeamView['role'];
  readonly joinedAt: string;
  readonly me: boolean;
}

const ROLE_NAMES = { owner: 'Owner', member: 'Member' } as const;

export function Team({ team, onLeft }: { readonly team: TeamView; readonly onLeft: () => void }) {
  const isOwner = team.role === 'owner';
  const { data, error, reload } = useQuery(`team ${team.id}`, (signal) =>
    api.teams.members({ team: team.id }, { signal }),
  );
  const [removed, setRemoved] = useState<Member | null>(null);
  const changing = useAction(async (member: Member) => {
    await api.teams.setRole({ team: team.id, member: member.id, role: member.role === 'owner' ? 'member' : 'owner' });
    reload();
  });
  if (data === null && error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Asking who is in it" />;
  return (
    <>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      <table className="table">
        <caption className="visually-hidden">Members of {plainTitle(team.name)}</caption>
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Role</th>
            <th scope="col">Since</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data.members.map((member) => {
            const name = plainTitle(member.name);
            return (
              <tr key={member.id}>
                <td className="captured">
                  {name} {member.me && <span className="badge badge--accent">you</span>}
                </td>
                <td>{ROLE_NAMES[member.role]}</td>
                <td>{formatAge(member.joinedAt)}</td>
                <td className="teams__action">
                  {isOwner && !member.me && (
                    <Button
                      look="quiet"
                      disabled={changing.isRunning}
                      aria-label={`${member.role === 'owner' ? 'Make a member' : 'Make an owner'}: ${name}`}
                      onClick={() => void changing.run(member)}
                    >
                      {member.role === 'owner' ? 'Make a member' : 'Make an owner'}
                    </Button>
                  )}
                  {(isOwner || member.me) && (
                    <Button
                      look="quiet"
                      aria-label={member.me ? `Leave ${plainTitle(team.name)}` : `Take out ${name}`}
                      onClick={() => setRemoved(member)}
                    >
                      {member.me ? 'Leave…' : 'Take out…'}
                    </Button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {changing.error !== null && <ErrorMessage error={changing.error} />}
      {isOwner && <Invite team={team} />}
      {removed !== null && (
        <Remove
          team={team}
          member={removed}
          onClose={() => setRemoved(null)}
          onDone={() => {
            setRemoved(null);
            if (removed.me) onLeft();
            else reload();
          }}
        />
      )}
    </>
  );
}

function Invite({ team }: { readonly team: TeamView }) {
  const [code, setCode] = useState<{ readonly code: string; readonly expiresAt: string } | null>(null);
  const inviting = useAction(async () => setCode(await api.teams.invite({ team: team.id, role: 'member' })));
  return (
    <>
      <div className="row wrap">
        <Button disabled={inviting.isRunning} onClick={() => void inviting.run()}>
          Invite somebody
        </Button>
        {code !== null && <CopyButton text={code.code} label="Copy the code" />}
      </div>
      {inviting.error !== null && <ErrorMessage error={inviting.error} />}
      {code !== null && (
        <Message>
          <span className="mono captured teams__code">{code.code}</span>
          <br />
          It lets one person in, once, until {formatMoment(code.expiresAt)}. It is shown only here.
        </Message>
      )}
    </>
  );
}

interface RemoveProps {
  readonly team: TeamView;
  readonly member: Member;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Remove({ team, member, onClose, onDone }: RemoveProps) {
  const name = plainTitle(member.name);
  const removing = useAction(() => api.teams.removeMember({ team: team.id, member: member.id }));
  return (
    <Dialog
      title={member.me ? `Leave “${plainTitle(team.name)}”?` : `Take ${name} out of “${plainTitle(team.name)}”?`}
      description={`${member.me ? 'You' : name} can read nothing of the team from that moment on.`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="danger"
            disabled={removing.isRunning}
            onClick={() => void removing.run().then((isDone) => isDone && onDone())}
          >
            {member.me ? 'Leave' : 'Take out'}
          </Button>
        </>
      }
    >
      {removing.error !== null && <ErrorMessage error={removing.error} />}
    </Dialog>
  );
}
