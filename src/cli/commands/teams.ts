// `cairn teams`: with whom sessions are shared.

import { resolve } from 'node:path';

import { Option, type Command } from 'commander';

import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { formatClock } from '../format/times.ts';
import { audienceOf } from '../sessions/publish-sessions.ts';

type Role = 'owner' | 'member';

const TEAM = ['<team>', "the team's name or id"] as const;
const MAX_NAME_SHOWN = 60;

export function setupTeams(command: Command, act: Act): void {
  command
    .command('list')
    .description('your teams')
    .action(() => act(runTeamsList));
  command
    .command('create')
    .description('make a team; you are its owner')
    .argument('<name>', 'what it is called')
    .action((name: string) => act((context) => runTeamsCreate(name, context)));
  command
    .command('invite')
    .description('a code that lets one person in, once, within a week')
    .argument(...TEAM)
    .addOption(new Option('--role <role>', 'what they will be').choices(['owner', 'member']).default('member'))
    .action((team: string, { role }: { role: Role }) => act((context) => runTeamsInvite(team, role, context)));
  command
    .command('join')
    .description('join a team with a code')
    .argument('<code>', 'the code')
    .action((code: string) => act((context) => runTeamsJoin(code, context)));
  command
    .command('members')
    .description('who is in a team')
    .argument(...TEAM)
    .action((team: string) => act((context) => runTeamsMembers(team, context)));
  command
    .command('remove')
    .description('take somebody out of a team, or leave it; what they could read ends with it')
    .argument(...TEAM)
    .argument('<member>', 'their name or id; `me` to leave')
    .action((team: string, member: string) => act((context) => runTeamsRemove(team, member, context)));
  command
    .command('map')
    .description('from now on publish the sessions of a project to a team')
    .argument('<dir>', "the project's folder")
    .argument('<team>', "the team's name or id; `none` for nobody else")
    .action((dir: string, team: string) => act((context) => runTeamsMap(dir, team, context)));
}

function runTeamsList(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const [teams, projects] = [await publishing.teams(), await publishing.projects()];
    context.out.result({ teams, projects }, () =>
      teams.length === 0
        ? ['You are in no team. Make one with `cairn teams create NAME`, or join one with a code.']
        : teams.flatMap(({ id, name, role }) => [
            `${toPlainLine(name, MAX_NAME_SHOWN)}  ${role}  ${id}`,
            ...projects
              .filter(({ team }) => team === id)
              .map(({ projectPath }) => `  ${toPlainLine(projectPath, 200)}`),
          ]),
    );
  });
}

function runTeamsCreate(name: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const team = await publishing.createTeam(name);
    context.out.result({ team }, () => [
      `The team ${toPlainLine(team.name, MAX_NAME_SHOWN)} is there. Invite others with \`cairn teams invite\`.`,
    ]);
  });
}

function runTeamsInvite(named: string, role: Role, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const team = await teamOf(named, publishing);
    const { code, expiresAt } = await publishing.invite(team, role);
    context.out.result({ code, expiresAt }, () => [
      `Code (good once, until ${formatClock(Date.parse(expiresAt), context.nowMs())}): ${code}`,
      'Whoever has it can join: give it to one person, on a way that only they read.',
    ]);
  });
}

function runTeamsJoin(code: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const team = await publishing.joinTeam(code);
    context.out.result({ team }, () => [`You are in the team ${toPlainLine(team.name, MAX_NAME_SHOWN)} now.`]);
  });
}

function runTeamsMembers(named: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const members = await publishing.members(await teamOf(named, publishing));
    context.out.result({ members }, () =>
      members.map(
        ({ id, name, role, me }) => `${toPlainLine(name, MAX_NAME_SHOWN)}${me ? ' (you)' : ''}  ${role}  ${id}`,
      ),
    );
  });
}

function runTeamsRemove(named: string, member: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const team = await teamOf(named, publishing);
    const members = await publishing.members(team);
    const found = members.find(({ id, name, me }) => id === member || name === member || (member === 'me' && me));
    await publishing.removeMember(team, found?.id ?? member);
    context.out.result({ removed: found?.id ?? member }, () => [
      found?.me === true
        ? 'You have left the team.'
        : `${toPlainLine(found?.name ?? member, MAX_NAME_SHOWN)} is out of the team, and can read nothing of it any more.`,
    ]);
  });
}

function runTeamsMap(dir: string, named: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async ({ publishing }) => {
    const projectPath = resolve(dir);
    const team = named === 'none' ? null : await teamOf(named, publishing);
    await publishing.mapProject(projectPath, team);
    context.out.result({ projectPath, team }, () => [
      team === null
        ? 'Sessions of this project are published to yourself alone from now on.'
        : 'Sessions of this project are published to the team from now on, when you publish one.',
    ]);
  });
}

async function teamOf(
  named: string,
  publishing: { teams(): Promise<readonly { readonly id: string; readonly name: string }[]> },
): Promise<string> {
  return (await audienceOf(named, () => publishing.teams())) ?? '';
}
