// Secrets that are known by their form: the tokens of well-known services, private keys, JSON web tokens. Every form is the
// issuer's published one.

import { decodeBase64Text } from './base64-text.ts';
import { looksRandom, patternRule, type SecretRule } from './secret-rule.ts';

const WORD = '[A-Za-z0-9]';
/** Keys that begin with `sk-` stand alone; names that only hold it (`task-`, `x-sk-y`) go on before it. */
const SK_START = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\x1b\[[0-9;]{0,24}[A-Za-z]))`;
const WORD_DASH = '[A-Za-z0-9_-]';
const UUID = '[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}';
/** A key block longer than this is no key. */
const MAX_KEY_BLOCK = 16_384;

/** Prefixes, and what follows them; what a token is made of never follows a whole one. */
const PREFIXED: readonly (readonly [id: string, prefixes: readonly string[], body: string])[] = [
  ['aws-access-key', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], `[A-Z0-9]{16}(?!${WORD})`],
  ['github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], `${WORD}{30,255}`],
  ['github-token', ['github_pat_'], '[A-Za-z0-9_]{36,255}'],
  [
    'gitlab-token',
    ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glsoat-', 'glft-', 'glimt-', 'glagent-', 'gloas-'],
    '[A-Za-z0-9_.-]{20,255}',
  ],
  [
    'slack-token',
    ['xoxa-', 'xoxb-', 'xoxc-', 'xoxd-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
    '[A-Za-z0-9-]{10,255}',
  ],
  ['slack-webhook', ['hooks.slack.com/services/'], '[A-Za-z0-9_/]{20,128}'],
  ['google-api-key', ['AIza'], `${WORD_DASH}{35}(?!${WORD})`],
  ['google-oauth', ['ya29.'], `${WORD_DASH}{20,1024}`],
  ['google-oauth', ['GOCSPX-'], `${WORD_DASH}{20,64}`],
  ['stripe-key', ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'], `${WORD}{16,255}`],
  ['stripe-key', ['whsec_'], '[A-Za-z0-9+/=]{24,255}'],
  ['npm-token', ['npm_'], `${WORD}{36}(?!${WORD})`],
  ['pypi-token', ['pypi-AgE'], `${WORD_DASH}{40,512}`],
  ['hugging-face-token', ['hf_'], `${WORD}{30,64}(?!${WORD})`],
  ['digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], '[a-f0-9]{64}'],
  ['sendgrid-key', ['SG.'], `${WORD_DASH}{16,32}\\.${WORD_DASH}{32,64}`],
  ['docker-token', ['dckr_pat_', 'dckr_oat_'], `${WORD_DASH}{20,64}`],
  ['shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], '[a-fA-F0-9]{32}'],
  ['vault-token', ['hvs.', 'hvb.', 'hvr.'], `${WORD_DASH}{24,255}`],
  ['age-key', ['AGE-SECRET-KEY-1'], '[A-Z0-9]{58}'],
  ['databricks-token', ['dapi'], `[a-f0-9]{32}(?:-[0-9]{1,3})?(?!${WORD})`],
  ['linear-key', ['lin_api_'], `${WORD}{32,64}`],
  ['tailscale-key', ['tskey-'], '[A-Za-z0-9-]{20,128}'],
  ['atlassian-token', ['ATATT3', 'ATCTT3'], '[A-Za-z0-9_=-]{40,832}'],
  ['ai-key', ['gsk_', 'pplx-', 'xai-', 'r8_'], `${WORD}{30,128}`],
  ['sentry-token', ['sntrys_', 'sntryu_'], '[A-Za-z0-9_+/=.-]{40,512}'],
  ['grafana-token', ['glsa_', 'glc_'], '[A-Za-z0-9_+/=-]{32,400}'],
  ['new-relic-key', ['NRAK-'], `[A-Z0-9]{27}(?!${WORD})`],
  ['new-relic-key', ['NRAA-'], `[a-fA-F0-9]{27}(?!${WORD})`],
  ['new-relic-key', ['NRII-', 'NRIQ-'], `${WORD_DASH}{32}(?!${WORD})`],
  ['new-relic-key', ['NRRA-'], `[a-fA-F0-9]{42}(?!${WORD})`],
  ['pixie-key', ['px-api-', 'px-dep-'], UUID],
  ['postman-key', ['PMAK-'], '[a-f0-9]{24}-[a-f0-9]{34}'],
  ['pulumi-token', ['pul-'], `[a-f0-9]{40}(?!${WORD})`],
  ['rubygems-key', ['rubygems_'], `[a-f0-9]{48}(?!${WORD})`],
  ['planetscale-token', ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'], '[A-Za-z0-9_.=-]{32,64}'],
  ['supabase-token', ['sbp_'], `[a-f0-9]{40}(?!${WORD})`],
  ['figma-token', ['figd_', 'figdr_'], `${WORD_DASH}{38,64}`],
  ['notion-token', ['ntn_'], `${WORD}{43,60}`],
  ['netlify-token', ['nfp_'], `${WORD}{36,64}`],
  ['doppler-token', ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'], '[A-Za-z0-9._-]{40,64}'],
  ['square-token', ['sq0atp-', 'sq0csp-'], `${WORD_DASH}{22,60}`],
  ['buildkite-token', ['bkua_'], `[a-f0-9]{40}(?!${WORD})`],
  ['dynatrace-token', ['dt0c01.'], String.raw`[A-Z0-9]{24}\.[A-Z0-9]{64}`],
  ['sourcegraph-token', ['sgp_'], `(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}(?!${WORD})`],
  ['heroku-key', ['HRKU-'], `${WORD_DASH}{36,80}`],
  ['contentful-token', ['CFPAT-'], `${WORD_DASH}{43}(?!${WORD})`],
  ['adafruit-key', ['aio_'], `${WORD}{28}(?!${WORD})`],
  ['amazon-mws-token', ['amzn.mws.'], UUID],
  ['appsync-key', ['da2-'], `[a-z0-9]{26}(?!${WORD})`],
  ['bitbucket-password', ['ATBB'], `${WORD}{32}(?!${WORD})`],
  ['bitbucket-token', ['BBDC-'], `[A-Za-z0-9+/]{44}(?!${WORD})`],
  ['airtable-token', ['pat'], String.raw`[A-Za-z0-9]{14}\.[a-f0-9]{64}`],
  ['circleci-token', ['CCIPAT_', 'CCIPRJ_'], `${WORD}{22}_[a-f0-9]{40}`],
  ['cloudflare-token', ['cfut_', 'cfat_', 'cfk_'], `${WORD_DASH}{40,64}`],
  ['cloudflare-ca-key', ['v1.0-'], '[a-f0-9]{24,64}-[a-f0-9-]{100,300}'],
  ['crates-io-token', ['cio'], `${WORD}{32}(?!${WORD})`],
  ['dependency-track-key', ['odt_'], `${WORD}{32,255}`],
  ['jina-key', ['jina_'], `${WORD}{60}(?!${WORD})`],
  ['tavily-key', ['tvly-'], `(?:dev-|prod-)?${WORD}{32}(?!${WORD})`],
  ['twitch-stream-key', ['live_'], `[0-9]{8,12}_${WORD}{30,36}(?!${WORD})`],
  ['salesforce-token', ['00D'], '[A-Za-z0-9]{12}![A-Za-z0-9._]{80,128}'],
  ['nuget-key', ['oy2'], `[a-z0-9]{43}(?!${WORD})`],
  ['pyx-token', ['tp-pyx-'], `${WORD}{45,80}(?!${WORD})`],
  ['adobe-secret', ['p8e-'], `${WORD_DASH}{32}(?!${WORD})`],
  ['artifactory-key', ['AKCp'], `${WORD}{60,80}(?!${WORD})`],
  ['teamcity-token', ['eyJ0eXAiOiAiVENWMiJ9.'], String.raw`[A-Za-z0-9_-]{36}\.[A-Za-z0-9_-]{48}`],
  ['mapbox-token', ['sk.eyJ', 'tk.eyJ'], String.raw`[A-Za-z0-9_-]{20,512}\.[A-Za-z0-9_-]{20,30}`],
  ['sonarqube-token', ['squ_', 'sqp_', 'sqa_'], `[a-f0-9]{40}(?!${WORD})`],
  ['facebook-token', ['EAA'], `${WORD}{80,400}(?![A-Za-z0-9+/=_-])`],
  ['twilio-key', ['SK'], `[a-f0-9]{32}(?!${WORD})`],
  // The first part is the account's number in base64, so it begins in one of nine ways.
  [
    'discord-token',
    ['MT', 'Mj', 'Mz', 'ND', 'NT', 'Nj', 'Nz', 'OD', 'OT'],
    String.raw`[A-Za-z0-9]{20,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])`,
  ],
  [
    'discord-webhook',
    ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    String.raw`[0-9]{16,20}\/[A-Za-z0-9_-]{60,80}`,
  ],
  ['teams-webhook', ['office.com/webhook'], '(?:b2)?\\/[A-Za-z0-9@%/-]{60,300}'],
  ['duffel-token', ['duffel_live_', 'duffel_test_'], '[A-Za-z0-9_=-]{43}'],
];

/** The rules for secrets known by their form. */
export const TOKEN_RULES: readonly SecretRule[] = [
  ...PREFIXED.flatMap(([id, prefixes, body]) =>
    prefixes.map((prefix) => patternRule(id, prefix, `${escapeForRegex(prefix)}${body}`)),
  ),
  // Many names begin with sk-; only a long run with digits and capitals is a key.
  patternRule('anthropic-key', 'sk-ant-', `sk-ant-${WORD_DASH}{20,255}`, { start: SK_START, accepts: looksRandom }),
  patternRule('openai-key', 'sk-', `sk-${WORD_DASH}{20,255}`, {
    start: SK_START,
    accepts: (key) => looksRandom(key) && /[A-Z]|[0-9a-f]{32}/.test(key),
  }),
  patternRule('jwt', 'eyJ', String.raw`eyJ${WORD_DASH}{8,8192}\.eyJ${WORD_DASH}{8,16384}\.${WORD_DASH}{8,8192}`),
  patternRule('telegram-token', ':AA', ':AA[A-Za-z0-9_-]{32,33}(?![A-Za-z0-9_-])', { start: '(?<=[0-9]{8,10})' }),
  patternRule('1password-token', 'ops_', 'ops_[A-Za-z0-9+/=_-]{40,4096}', { accepts: looksRandom }),
  patternRule('grafana-token', 'eyJrIjoi', `eyJrIjoi${WORD}{52,200}={0,2}`, {
    accepts: (key) => decodeBase64Text(key)?.includes('"n":"') === true,
  }),
  patternRule('mailgun-key', 'key-', `key-[a-f0-9]{32}(?!${WORD})`, { start: SK_START }),
  patternRule('firecrawl-key', 'fc-', `fc-[a-f0-9]{32}(?!${WORD})`, { start: SK_START }),
  privateKeyRule(),
];

/** Private key blocks; where the end is missing (cut off), the lines that look like one are taken. */
function privateKeyRule(): SecretRule {
  const head = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
  const tail = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
  // Line ends may be real, escaped (in JSON and shell variables) or followed by indentation.
  const body = /(?:(?:[ \t]*\r?\n|\\n)[ \t]*[A-Za-z0-9+/=]{8,80}){0,300}/y;
  return {
    id: 'private-key',
    needle: '-----BEGIN ',
    isShape: true,
    match: (text, at) => {
      head.lastIndex = at;
      const found = head.exec(text);
      if (found === null) return null;
      const bodyStart = at + found[0].length;
      tail.lastIndex = 0;
      const block = text.slice(bodyStart, at + MAX_KEY_BLOCK);
      const next = block.indexOf('-----BEGIN ');
      const end = tail.exec(next < 0 ? block : block.slice(0, next));
      if (end !== null) return { start: at, end: bodyStart + tail.lastIndex };
      body.lastIndex = bodyStart;
      return { start: at, end: bodyStart + (body.exec(text)?.[0].length ?? 0) };
    },
  };
}

function escapeForRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
