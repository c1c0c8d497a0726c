// Fakes of secrets, put together when the tests run: nothing in this repository looks like a real one.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const HEX = 'abcdef0123456789';
const BASE64 = `${LETTERS}${DIGITS}+/`;

export function made(length: number, alphabet: string = LETTERS + DIGITS, seed = 11): string {
  let state = seed + length;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const letters = text.length % 4 === 3 && alphabet.length > 40 ? DIGITS : alphabet;
    text += letters[(state >>> 16) % letters.length] ?? '';
  }
  return text;
}

function block(label: string, body: string): string {
  return [`-----BEGIN ${label}`, 'KEY-----'].join(' ') + `\n${body}\n` + [`-----END ${label}`, 'KEY-----'].join(' ');
}

export interface SecretSample {
  readonly text: string;
  /** What must be gone afterwards. */
  readonly secret: string;
}

function sample(before: string, secret: string, after = ''): SecretSample {
  return { text: `${before}${secret}${after}`, secret };
}

const awsSecret = made(40, BASE64);
const pemBody = `MII${made(61, BASE64)}\n${made(64, BASE64, 3)}\n${made(40, BASE64, 5)}`;
const jwt = ['eyJhbGciOiJIUzI1NiJ9', `eyJzdWIiOiIx${made(24)}`, made(43)].join('.');

/** By what it is: every class of secret that the rules of secretlint know or are known to miss. */
export const SECRET_SAMPLES: Readonly<Record<string, SecretSample>> = {
  'AWS access key id': sample('id ', `AKIA${made(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`),
  'AWS secret as an assignment': sample('AWS_SECRET_ACCESS_KEY=', awsSecret),
  'AWS secret after a wide gap': sample('aws_secret_access_key   :      "', awsSecret, '"'),
  'AWS secret in JSON': sample('{"SecretAccessKey": "', awsSecret, '"}'),
  'AWS secret in prose beside its id': sample(
    `use AKIA${made(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')} and `,
    awsSecret,
    ' please',
  ),
  'GitHub classic': sample('', `ghp_${made(36)}`),
  'GitHub fine-grained': sample('token: ', `github_pat_${made(22)}_${made(59)}`),
  'GitHub server': sample('', `ghs_${made(36)}`),
  GitLab: sample('', `glpat-${made(20)}`),
  'OpenAI legacy': sample('', `sk-${made(20)}T3BlbkFJ${made(20)}`),
  'OpenAI project': sample('', `sk-proj-${made(74)}T3BlbkFJ${made(74)}`),
  Anthropic: sample('', `sk-ant-api03-${made(93)}AA`),
  'Slack bot': sample('', `xoxb-${made(12, DIGITS)}-${made(12, DIGITS)}-${made(24)}`),
  'Slack webhook': sample('https://', `hooks.slack.com/services/T${made(8)}/B${made(8)}/${made(24)}`),
  'Stripe live': sample('', `sk_live_${made(24)}`),
  'Stripe test': sample('', `sk_test_${made(24)}`),
  'GCP service account': {
    text: JSON.stringify({ type: 'service_account', private_key: block('PRIVATE', pemBody), client_id: '1' }),
    secret: made(40, BASE64, 5),
  },
  'GCP API key': sample('key=', `AIza${made(35)}`),
  'PEM PKCS8': { text: block('PRIVATE', pemBody), secret: made(40, BASE64, 5) },
  'PEM RSA': { text: block('RSA PRIVATE', pemBody), secret: made(40, BASE64, 5) },
  'PEM escaped in JSON': { text: JSON.stringify({ k: block('PRIVATE', pemBody) }), secret: made(40, BASE64, 5) },
  'PEM EC P-256': {
    text: block('EC PRIVATE', `MHc${made(61, BASE64)}\n${made(64, BASE64, 3)}`),
    secret: made(64, BASE64, 3),
  },
  'PEM Ed25519': { text: block('PRIVATE', `MC4${made(61, BASE64)}`), secret: made(61, BASE64) },
  'PEM OpenSSH': {
    text: block('OPENSSH PRIVATE', `b3BlbnNzaC1rZXktdjEA${made(50, BASE64)}`),
    secret: made(50, BASE64),
  },
  JWT: sample('token ', jwt),
  npm: sample('', `npm_${made(36)}`),
  '.npmrc line': sample(
    '//registry.example/:_authToken=',
    `${made(8, HEX)}-${made(4, HEX)}-${made(4, HEX)}-${made(12, HEX)}`,
  ),
  'postgres URL': sample('postgres://app:', made(14), '@db.example:5432/app'),
  'mysql URL': sample('mysql://app:', made(14), '@db.example/app'),
  'mongodb URL': sample('mongodb+srv://app:', made(14), '@cluster.example/app'),
  'redis URL': sample('redis://:', made(14), '@cache.example:6379'),
  'https URL': sample('https://dev:', made(14), '@git.example/x.git'),
  'ssh URL': sample('ssh://dev:', made(14), '@host.example/x'),
  'Authorization Basic': sample('Authorization: Basic ', Buffer.from(`dev:${made(12)}`).toString('base64')),
  'Basic without its header': sample('sent Basic ', Buffer.from(`dev:${made(12)}`).toString('base64')),
  'Authorization Bearer': sample('authorization: Bearer ', made(40)),
  'password in lower case': sample('password=', `hunter${made(6, DIGITS)}`),
  'DB_PASSWORD quoted': sample('DB_PASSWORD="', 'correct horse battery', '"'),
  'password in YAML': sample('  password: ', `hunter${made(6, DIGITS)}`, '\n'),
  'password in a sentence': sample('the password: ', 'swordfish!', ' works'),
  'api_key in YAML': sample('api_key: ', made(32, HEX)),
  'API key in a sentence': sample('my API key: ', made(24)),
  'client secret in an object': sample("{ clientSecret: '", made(24), "' }"),
  SendGrid: sample('', `SG.${made(22)}.${made(43)}`),
  Linear: sample('', `lin_api_${made(40)}`),
  'HashiCorp Vault': sample('', `hvs.${made(92)}`),
  Docker: sample('', `dckr_pat_${made(27)}`),
  'Hugging Face, letters': sample('', `hf_${made(34, LETTERS)}`),
  'Hugging Face, digits': sample('', `hf_${made(34)}`),
  'Azure AccountKey': sample('DefaultEndpointsProtocol=https;AccountKey=', `${made(86, BASE64)}==`, ';'),
  'Azure signature': sample('https://x.blob.example/c?sv=1&sig=', `${made(43)}%3D`),
  'presigned URL': sample('https://s3.example/o?a=1&X-Amz-Signature=', made(64, HEX)),
  '1Password': sample('', `ops_eyJ${made(200)}`),
  Telegram: sample('bot1234567890', `:AA${made(33)}`),
  PyPI: sample('', `pypi-AgEIcHlwaS5vcmc${made(80)}`),
  'Google ya29': sample('', `ya29.${made(60)}`),
  'JSON inside JSON': {
    text: JSON.stringify({ body: JSON.stringify({ password: 'tr0ub4dor&3"x' }) }),
    secret: String.raw`tr0ub4dor&3`,
  },
  'a multi-line key, twice escaped': {
    text: JSON.stringify(JSON.stringify(block('EC PRIVATE', `MHc${made(61, BASE64)}\n${made(64, BASE64, 3)}`))),
    secret: made(64, BASE64, 3),
  },
  'percent-encoded': sample('https://a.example/?next=https%3A%2F%2Fdev%3A', made(14), '%40b.example%2F'),
  'HTML entities': sample('{&quot;password&quot;: &quot;', 'tr0ub4dor-3', '&quot;}'),
  'Base64 of a file': {
    text: `data: ${Buffer.from(`DB_PASSWORD=${made(20)}\nDEBUG=1\n`).toString('base64')}`,
    secret: Buffer.from(`DB_PASSWORD=${made(20)}\nDEBUG=1\n`).toString('base64'),
  },
  'invisible characters between': { text: `ghp_\u200b${made(36)}`, secret: made(36) },
  'a comment that would turn rules off': sample('# secretlint-disable\n// secretlint-disable\n', `glpat-${made(20)}`),
};
