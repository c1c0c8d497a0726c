// Lines with and without secrets. The secrets are made here from their published forms, by a fixed rule, so that no file of this
// repository holds anything that looks like a real one.

export interface CorpusLine {
  readonly line: string;
  /** Each text that must be gone afterwards; none for lines that must stay as they are. */
  readonly secrets: readonly string[];
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

function made(length: number, alphabet = LETTERS + DIGITS, seed = 7): string {
  let state = seed + length;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    // Every fourth one a digit, as random tokens have them all over.
    const letters = text.length % 4 === 3 && alphabet.length > 40 ? DIGITS : alphabet;
    text += letters[(state >>> 16) % letters.length] ?? '';
  }
  return text;
}

function line(before: string, secret: string, after = ''): CorpusLine {
  return { line: `${before}${secret}${after}`, secrets: [secret] };
}

const HEX = 'abcdef0123456789';
const LOWER = `${LETTERS.slice(26)}${DIGITS}`;
const UUID = [8, 4, 4, 4, 12].map((length) => made(length, HEX)).join('-');
const JWT = ['eyJhbGciOiJIUzI1NiJ9', `eyJzdWIiOiIx${made(20)}`, made(43)].join('.');
const KEY_BODY = Array.from({ length: 6 }, (_, at) => made(64, undefined, at)).join('\n');
const KEY_BLOCK = [
  '-----BEGIN',
  'OPENSSH',
  `PRIVATE KEY-----\n${KEY_BODY}\n-----END`,
  'OPENSSH',
  'PRIVATE KEY-----',
].join(' ');

/** By the name of what is hidden. */
export const SECRET_LINES: Readonly<Record<string, readonly CorpusLine[]>> = {
  'private key': [
    { line: `$ cat id_rsa\n${KEY_BLOCK}\n$ ls`, secrets: [KEY_BLOCK, KEY_BODY.slice(0, 64)] },
    { line: `KEY="${KEY_BLOCK.replaceAll('\n', String.raw`\n`)}"`, secrets: [made(64, undefined, 3)] },
    { line: `${KEY_BLOCK.slice(0, 200)}\n$ ls`, secrets: [KEY_BODY.slice(0, 64)] },
    {
      line: KEY_BLOCK.replaceAll('OPENSSH PRIVATE', 'PGP PRIVATE').replaceAll('KEY-----', 'KEY BLOCK-----'),
      secrets: [KEY_BODY],
    },
  ],
  AWS: [
    line('aws_access_key_id = ', `AKIA${made(16, LETTERS.slice(0, 26))}`),
    line('aws_secret_access_key = ', made(40)),
    line('export AWS_SECRET_ACCESS_KEY=', made(40), '\n'),
    line('  "accessKeyId": "', `ASIA${made(16, LETTERS.slice(0, 26))}`, '",'),
  ],
  GitHub: [
    line('remote: token ', `ghp_${made(36)}`),
    line('\x1b[32m', `gho_${made(36)}`, '\x1b[0m'),
    line('GH_TOKEN=', `github_pat_${made(22)}_${made(59)}`),
    line('https://x-access-token:', `ghs_${made(36)}`, '@github.com/a/b.git'),
  ],
  GitLab: [line('PRIVATE-TOKEN: ', `glpat-${made(20)}`), line('', `glrt-${made(20)}`)],
  Slack: [
    line('bot: ', `xoxb-${made(12, DIGITS)}-${made(24)}`),
    line('POST https://', `hooks.slack.com/services/T${made(8)}/B${made(8)}/${made(24)}`),
  ],
  'OpenAI and Anthropic': [
    line('', `sk-${made(48)}`),
    line('key ', `sk-proj-${made(80)}`),
    line('ANTHROPIC_API_KEY=', `sk-ant-api03-${made(93)}`),
    line('echo ', `sk-ant-oat01-${made(60)}`, ' | pbcopy'),
  ],
  Google: [line('?key=', `AIza${made(35)}`, '&q=x'), line('', `ya29.${made(60)}`), line('', `GOCSPX-${made(28)}`)],
  JWT: [line('token ', JWT), line('https://app.example/cb#id_token=', JWT), line('{"t":"', JWT, '"}')],
  npm: [line('//registry.npmjs.org/:_authToken=', `npm_${made(36)}`), line('', `npm_${made(36)}`)],
  Stripe: [line('', `sk_live_${made(24)}`), line('', `rk_test_${made(24)}`), line('', `whsec_${made(32)}`)],
  others: [
    line('', `hf_${made(34, LETTERS)}`),
    line('', `dop_v1_${made(64, HEX)}`),
    line('', `SG.${made(22)}.${made(43)}`),
    line('', `dckr_pat_${made(27)}`),
    line('', `shpat_${made(32, HEX)}`),
    line('', `hvs.${made(90)}`),
    line('', `AGE-SECRET-KEY-1${made(58, LETTERS.slice(0, 26))}`),
    line('https://api.telegram.org/bot123456789', `:AA${made(33)}`, '/getMe'),
    line('', `gsk_${made(52)}`),
    line('', `sntrys_${made(80)}`),
    line('', `glsa_${made(32)}_${made(8, HEX)}`),
    line('', `NRAK-${made(27, 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789')}`),
    line('', `PMAK-${made(24, HEX)}-${made(34, HEX)}`),
    line('', `pul-${made(40, HEX)}`),
    line('', `rubygems_${made(48, HEX)}`),
    line('', `pscale_tkn_${made(43)}`),
    line('', `sbp_${made(40, HEX)}`),
    line('', `figd_${made(40)}`),
    line('', `ntn_${made(46)}`),
    line('', `nfp_${made(36)}`),
    line('', `dp.pt.${made(43)}`),
    line('', `sq0atp-${made(22)}`),
    line('', `bkua_${made(40, HEX)}`),
    line(
      '',
      `dt0c01.${made(24, 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789')}.${made(64, 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789')}`,
    ),
    line('', `sgp_${made(40, HEX)}`),
    line('', `HRKU-${made(48)}`),
    line('', `CFPAT-${made(43)}`),
    line('', `duffel_test_${made(43)}`),
    line('', `aio_${made(28)}`),
    line('token:  ', `amzn.mws.${UUID}`),
    line("key: '", `da2-${made(26, LOWER)}`, "'"),
    line('', `ATBB${made(32)}`),
    line('Bearer: ', `cio${made(32)}`),
    line('', `dapi${made(32, HEX)}-3`),
    line('', `odt_${made(40)}`),
    line('', `dp.scim.${made(43)}`),
    line('', `dp.audit.${made(43)}`),
    line('client = Client("', `fc-${made(32, HEX)}`, '")'),
    line('', `jina_${made(60)}`),
    line('', `tvly-${made(32)}`),
    line('', `live_${made(9, DIGITS)}_${made(30)}`),
    line('', `NRAA-${made(27, HEX)}`),
    line('', `NRII-${made(32)}`),
    line('', `NRIQ-${made(32)}`),
    line('X-Api-Key:', `NRRA-${made(42, HEX)}`),
    line('', `px-dep-${UUID}`),
    line('', `px-api-${UUID}`),
    line('  license_key: ', `${made(36, HEX)}NRAL`),
    line("sid = '", `SK${made(32, HEX)}`, "'"),
    line("env.KEY || '", `key-${made(32, HEX)}`, "'"),
    line('', `MTk4${made(20)}.${made(6)}.${made(27)}`),
    line('https://discord.com/api/webhooks/', `${made(18, DIGITS)}/${made(68)}`),
    line('https://outlook.office.com/webhook/', `${UUID}@${UUID}/IncomingWebhook/${made(32, HEX)}/${UUID}`),
    line('', `00D${made(12)}!${made(96)}`),
    line('nuget push x.nupkg ', `oy2${made(43, LOWER)}`, ' -Source a'),
    line('', `tp-pyx-${made(64)}`),
    line('', `p8e-${made(32)}`),
    line('', `AKCp${made(69)}`),
    line('value="', `eyJ0eXAiOiAiVENWMiJ9.${made(36)}.${made(48)}`, '"'),
    line(
      'Client("',
      Buffer.from(JSON.stringify({ k: made(32), n: 'admin', id: 1 }))
        .toString('base64')
        .replace(/=+$/, ''),
      '")',
    ),
    line('', `sk.eyJ${made(60)}.${made(22)}`),
    line('', `sqp_${made(40, HEX)}`),
    line('-Dsonar.login=', made(40, HEX)),
    line('?access_token=x&next=', `EAA${made(150)}`),
    line('', `hvr.${made(90)}`),
    line('', `ATCTT3xFfGN0${made(100)}=${made(8, HEX)}`),
    line('', `BBDC-${made(44)}`),
    line('', `pat${made(14)}.${made(64, HEX)}`),
    line('', `CCIPAT_${made(22)}_${made(40, HEX)}`),
    line('', `cfut_${made(48)}`),
    line('X-Auth-User-Service-Key: ', `v1.0-${made(24, HEX)}-${made(146, HEX)}`),
  ],
  'bearer and headers': [
    line('curl -H "Authorization: Bearer ', made(32), '" https://a.example'),
    line('> authorization: Basic ', 'ZGV2Omh1bnRlcjI='),
    line('Authorization: token ', made(40, HEX)),
    line('< set-cookie: ', `sid=${made(32)}; Path=/`),
    line('Cookie: ', `session=${made(20)}`),
    line('X-Api-Key: ', made(32)),
  ],
  'URL password': [
    line('git clone https://dev:', 'hunter2!x', '@git.example/a.git'),
    line('postgres://app:', 'p%40ss', '@db.example:5432/app'),
    line('redis://:', 'swordfish', '@localhost'),
    line('mongodb+srv://dev:', 'p@ss@word1', '@db.example/app?w=majority'),
  ],
  'long flags': [
    line('tool --password=', 'hunter2', ' --verbose'),
    line('tool --password ', 'hunter2'),
    line("tool --api-key '", 'a b'.replace(' ', '-') + made(6), "'"),
    line('tool --client-secret ', made(20)),
    line('tool --token="', made(20), '"'),
  ],
  'short flags': [
    line('mysql -u root -p', 'hunter2', ' app'),
    line('/usr/bin/mysqldump --all -p', 's3cret!', ' > x.sql'),
    line('sshpass -p ', 'hunter2', ' ssh host'),
    line('curl -s -u dev:', 'hunter2', ' https://a.example'),
    line("curl --user dev:'", 'hunter2', "' https://a.example"),
    line('redis-cli -a ', 'hunter2'),
    line('docker login -u dev -p ', 'hunter2'),
    line('curl https://a.example \\\n-u dev:', 'hunter2'),
    line(String.raw`PsExec.exe \\host -u DOMAIN\dev -p `, 'hunter2', ' cmd'),
    line('Connect-VIServer vc.example -User dev -Password ', 'hunter2!'),
  ],
  configuration: [
    line('Server=db.example;Port=5432;User Id=dev;Password=', 'swordfish', ';Database=a;'),
    line('Provider=SQLNCLI;Uid=dev;Pwd=', '#hunter2', ';'),
    line('machine a.example login dev password ', 'swordfish'),
    line('machine a.example\n  login dev\n  password ', 'swordfish', '\n'),
    line('//registry.example/:_authToken=', 'MYTOKEN2'),
    line('//registry.example/:_auth= ', 'Zm9vOmJhcg=='),
    line('<add key="MailPassword" value="', 'swordfish$', '"/>'),
    line('new NetworkCredential("dev@a.example", "', 'swordfish', '");'),
    line('new DirectoryEntry("LDAP://A.EXAMPLE",\n  "dev",\n  "', 'Hunter2', '");'),
    line('HEROKU_API_KEY: ', UUID),
    line("  'clientSecret' : '", made(24), "'"),
    line("  clientSecret:'", made(40, HEX), "',"),
  ],
  assignments: [
    line('export MY_TOKEN=', 'tok-12345'),
    line('DB_PASS=', 'swordfish', ' ./run'),
    line('PGPASSWORD=', "o'neill".replace("'", ''), ' psql'),
    line('password: x\nPASSWORD="', 'with blanks in it', '"'),
    line('  "client_secret": "', 'q1w2e3r4', '",'),
    line("  'password': '", 'hunter2', "'"),
    line('const apiKey = "', made(24), '";'),
    line('https://a.example/?access_token=', made(20), '&x=1'),
    line('AccountKey=', `${made(40)}==`, ';EndpointSuffix=core'),
    line('apiKey := "', 'hunter2', '"'),
    line("  :password   => '", 'hunter2', "',"),
    line('ado_token = GITHUB_PAT="', made(52, LOWER), '"'),
    line('PresharedKey = ', `${made(43)}=`),
  ],
};

/** Ordinary lines, which must stay as they are. */
export const PLAIN_LINES: readonly string[] = [
  'dev@host:~/src/app$ npm run build -- --watch',
  'const token = parseToken(input);',
  'if (password === other) return;',
  'def login(user, password=None, token=None):',
  'connect(password=password, token=config.token)',
  'export PATH=$PATH:/usr/local/bin',
  'export API_KEY=$(pass show api)',
  'API_TOKEN=${API_TOKEN:-}',
  'TOKEN=<your token>',
  'PASSWORD=PASSWORD',
  '  --password string   the password to use',
  '  --token TOKEN       personal access token',
  'use --token to sign in, or --password as a last resort',
  'PWD=/home/dev/src OLDPWD=/home/dev',
  'max_tokens=4096 temperature=0.7',
  'git log --oneline --author=dev',
  'sk-learn-something-long-and-plain-here',
  'task-management-and-other-things-1234567890',
  'https://example.com:8080/path?a=b@c',
  'ssh://git@github.com/owner/repo.git',
  'git@github.com:owner/repo.git',
  'commit 3f2a9c1b5d7e8f60123456789abcdef012345678',
  'sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'eyJ is how every JSON web token begins',
  '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmpM dev@host',
  'bearer of bad news',
  'Authorization: none',
  'mysql -u root -P 3306 app',
  'curl -u "$USER:$PASS" https://a.example',
  'docker login registry.example',
  'a == b && c => d',
  'npm_config_registry=https://registry.npmjs.org/',
  'uuid 2f1d3c4b-5a69-4788-9a0b-1c2d3e4f5a6b',
  'compass=north bypass=1 keyboard=us',
  '[REDACTED:flag] stays --password=[REDACTED:flag]',
  'a.password = "+" + other; const b = () => token',
  "print 'token = '.$options['service_token'];",
  'send("//registry.example/:_password = "+new Encoder("x").run())',
  `printf 'API_SECRET="'$GIVEN'"' >> settings.env`,
  'out.concat("Secret=#{secret}; ")',
  'ResetPassword = "arn:aws:iam::aws:policy/ResetPassword"',
  'form.showPassword = "#show-password";',
  '"secret": "&lt;put it here&gt;"',
  'const read = (token) => "read";',
  'const token = (password) => parse(password)',
  'token := parse(input)',
  '//registry.example/:_authToken=${NPM_TOKEN}',
  'accessToken: config.accessTokenOfTheFirstUser,',
  'password: string; token: number',
  'client secret: see https://wiki.example/a1b2c3d4e5f6/secrets-2024-list',
  'https://a.example/x?mail=dev@b.example',
  'ssh://dev@a.example:22/~/x@y',
  'live_2024_report and key-value and aio_ and fc-list',
  'cache-key-9f86d081884c7d659a2feaa0c55ad015',
  '<add key="UserName" value="dev"/>',
  'path/to.file patterns v1.0-beta-2',
  'curl -u <name:secret> https://a.example',
  'machine learning: login page, password field',
  'dapiReadersOfEveryOpenPosition(options)',
  '日本語のテキスト: パスワードはありません',
];
