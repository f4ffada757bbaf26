import { uniqueText } from './bench.js'

/** Texts that a key or the name of a lease may have in it, though something may be special to them. */
export const ODD_TEXTS: readonly string[] = [
  ':',
  '::',
  '/',
  '\\',
  '.',
  '..',
  '/../../etc/passwd',
  '..\\..\\windows',
  '%',
  '%2F',
  '_',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '(',
  '^.*$',
  '|',
  '#',
  '&',
  '=',
  '+',
  '~',
  '@',
  '$HOME',
  '-',
  '--',
  ';',
  ',',
  "'",
  '"',
  '`',
  "'; DROP TABLE records; --",
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\u0000',
  '\u0001',
  '\u007f',
  '\u00e9',
  '\u2028',
  '\ufeff',
  '\uffff',
  '\u{1f477}\u{1f3fd}',
  '\u{10ffff}',
  'CON',
  '__proto__',
  'constructor',
]

/** Endings that make two texts different, though something may take them for the same. */
export const TWIN_ENDINGS: Readonly<Record<string, readonly [string, string]>> = {
  'in case': ['user', 'USER'],
  'in the case of one letter beyond ASCII': ['\u00e9', '\u00c9'],
  'in a space at the end': ['user', 'user '],
  'in a line break at the end': ['user', 'user\n'],
  'in a NUL at the end': ['user', 'user\u0000'],
  'behind a NUL': ['user\u0000a', 'user\u0000b'],
  'in Unicode normalisation': ['\u00e9', 'e\u0301'],
  'in compatibility forms': ['\ufb01', 'fi'],
  'in an accent': ['e', '\u00e9'],
  'in characters without weight': ['user', 'us\u00ader'],
  'in zeros in front of a number': ['7', '07'],
  'in escapes': ['%2F', '/'],
  'in escapes of escapes': ['\\u0000', '\u0000'],
  'beyond 2^53': ['9007199254740992', '9007199254740993'],
}

/** Returns two texts of 4,000 characters that differ in the last one. */
export function longTwins(): readonly [string, string] {
  const start = Array.from({ length: 112 }, uniqueText).join('').slice(0, 3_999)
  return [`${start}a`, `${start}b`]
}

/** Returns two texts of 4,000 characters, 12,000 bytes in UTF-8, that differ in the last one. */
export function wideTwins(): readonly [string, string] {
  const start = `${uniqueText()}${'\u20ac'.repeat(4_000)}`.slice(0, 3_999)
  return [`${start}\u20ac`, `${start}\u20ad`]
}
