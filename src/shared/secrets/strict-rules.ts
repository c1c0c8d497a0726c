// Rules for text that leaves the machine: what captures would leave as it is, since it is rather a sentence or code than a secret, is
// taken out here all the same. Too much redacted costs a word, too little a password.

import { decodeBase64Text } from './base64-text.ts';
import { COLON_RULE } from './colon-rules.ts';
import { isSecretValue } from './named-secret-rules.ts';
import { patternRule, type SecretRule, type SecretSpan } from './secret-rule.ts';

/** A password that a sentence or a block of settings has in quotes: `password is "…"`, `password '…'`. */
const SAID = String.raw`assword(?: for (?:the )?user(?:name)? ["'][^"'\r\n]{1,64}["'])?(?: is)? ["'](?<secret>[^"'\s]{4,64})["']`;

export const STRICT_RULES: readonly SecretRule[] = [
  COLON_RULE,
  patternRule('password', 'assword ', SAID, { isShape: false, start: '(?<=[Pp])', accepts: isSecretValue }),
  ...['Basic ', 'basic '].map((needle) =>
    patternRule('basic-auth', needle, `${needle}[ ]{0,4}(?<secret>[A-Za-z0-9+/]{8,4096}={0,2})`, {
      accepts: (value) => decodeBase64Text(value)?.includes(':') === true,
    }),
  ),
  patternRule('azure-signature', 'sig=', 'sig=(?<secret>[A-Za-z0-9%+/_-]{40,128}(?:=|%3D)?)', {
    start: '(?<=[?&;"\' ])',
  }),
  patternRule('aws-signature', 'X-Amz-Signature=', 'X-Amz-Signature=(?<secret>[a-f0-9]{64})', {
    start: '(?<=[?&;"\' ])',
  }),
];

/** Whether an access key id stands somewhere in what is published: then its secret may stand anywhere in it. */
export const AWS_KEY_RULE = 'aws-access-key';
const AWS_SECRET = /(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;

/** Runs of the form of an AWS secret key, which has no mark of its own: a hash in hexadecimal digits is none. */
export function findAwsSecrets(text: string): (SecretSpan & { readonly rule: string })[] {
  return [...text.matchAll(AWS_SECRET)]
    .filter(([value]) => /[a-z]/.test(value) && /[A-Z]/.test(value) && /[0-9]/.test(value))
    .map(({ 0: value, index }) => ({ rule: 'aws-secret-key', start: index, end: index + value.length }));
}
