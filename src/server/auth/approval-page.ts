// The page on which a user approves the code of a device: a form, without scripts. What was typed is never shown again.

import { approveRequestSchema } from '../../shared/replication/account.ts';
import { readBody, type Answer } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Route } from '../http/router.ts';
import type { AccountDeps } from './accounts.ts';
import { approveLogIn } from './device-codes.ts';

const PATH = '/device';
const MAX_FORM_BYTES = 4_096;
const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1rem;color:#1c1c1c;background:#fafafa}
label{display:block;margin:1rem 0 .25rem}input{font:inherit;width:100%;padding:.5rem;box-sizing:border-box;border:1px solid #777;border-radius:6px;background:#fff;color:#1c1c1c}
button{font:inherit;margin-top:1.5rem;padding:.5rem 1.25rem;border:0;border-radius:6px;background:#1f5fbf;color:#fff}
p[role=alert]{color:#a3201a}.code{letter-spacing:.1em;text-transform:uppercase}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}input{background:#222;color:#eee;border-color:#888}p[role=alert]{color:#ff9c94}}`;
const FORM = `<form method="post" action="${PATH}">
<label for="code">Code that the device shows</label><input id="code" name="userCode" class="code" autocomplete="off" required maxlength="20">
<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="username" required maxlength="254">
<label for="password">Password of the account</label><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1000">
<button>Let the device in</button></form>
<p>This is the password of the account, not of the vault. The vault's is never asked for here.</p>`;

export function createApprovalPage(deps: AccountDeps): Route[] {
  return [
    {
      method: 'GET',
      path: PATH,
      access: 'anyone',
      rate: 'log-in',
      handle: async () => page(200, '', FORM),
    },
    {
      method: 'POST',
      path: PATH,
      access: 'anyone',
      rate: 'log-in',
      handle: async (call) => {
        const form = new URLSearchParams((await readBody(call, MAX_FORM_BYTES)).toString('utf8'));
        const parsed = approveRequestSchema.safeParse(Object.fromEntries(form));
        if (!parsed.success)
          return page(400, 'The code has eight letters and digits; e-mail and password are needed too.', FORM);
        try {
          await approveLogIn(deps, call.address, parsed.data);
        } catch (error) {
          if (error instanceof Refusal) return page(error.status, `${error.message} ${error.hint}`, FORM);
          throw error;
        }
        return page(200, '', '<p role="status">The device is let in. You can close this page.</p>');
      },
    },
  ];
}

function page(status: number, alert: string, body: string): Answer {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cairn: log in a device</title><style>${STYLE}</style><h1>Log in a device</h1>
${alert === '' ? '' : `<p role="alert">${alert}</p>`}${body}</html>`;
  return { status, bytes: Buffer.from(html), type: 'text/html; charset=utf-8' };
}
