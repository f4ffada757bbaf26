import { expect, test } from 'vitest'
import {
  cutsAtNul,
  cutsKeys,
  foldsCase,
  ListsByPosition,
  ListsLeases,
  ListsLike,
  ListsOnePage,
  ListsToTilde,
  normalisesKeys,
  trimsKeys,
} from '../support/broken-key-stores.js'
import { failuresOf } from '../support/collecting-runner.js'
import type { SoundStore } from '../support/sound-store.js'

/** What is wrong with a store, the store, and the tests that have to fail: these and no others. */
const BROKEN: readonly (readonly [
  fault: string,
  store: () => SoundStore,
  failures: readonly string[],
])[] = [
  [
    'takes capital letters for small ones',
    foldsCase,
    [
      'keys > may contain "%2F"',
      'keys > may contain "$HOME"',
      `keys > may contain "'; DROP TABLE records; --"`,
      'keys > may contain "CON"',
      'keys > that differ only in case are two',
      'keys > that differ only in the case of one letter beyond ASCII are two',
      'leases > names that look alike are two',
      'list > takes "A" as it is, not as a pattern',
    ],
  ],
  [
    'drops white space at the end',
    trimsKeys,
    [
      'keys > may contain " "',
      'keys > may contain "\\t"',
      'keys > may contain "\\n"',
      'keys > may contain "\\r\\n"',
      'keys > may contain " "',
      'keys > may contain "﻿"',
      'keys > that differ only in a space at the end are two',
      'keys > that differ only in a line break at the end are two',
      'leases > leases of different names have nothing to do with each other',
      'leases > names that look alike are two',
      'list > takes "a " as it is, not as a pattern',
      'after opening again > keys of any characters are there',
    ],
  ],
  [
    'cuts keys at a NUL',
    cutsAtNul,
    [
      'keys > may contain "\\u0000"',
      'keys > that differ only in a NUL at the end are two',
      'keys > that differ only behind a NUL are two',
      'leases > names that look alike are two',
      'list > takes "a\\u0000b" as it is, not as a pattern',
    ],
  ],
  [
    'normalises keys',
    normalisesKeys,
    [
      'keys > that differ only in Unicode normalisation are two',
      'leases > names that look alike are two',
      'list > takes "é" as it is, not as a pattern',
    ],
  ],
  [
    'cuts keys at 255 characters',
    cutsKeys,
    [
      'keys > of 4,000 characters are two when the last one differs',
      'keys > of 4,000 letters of several bytes are two when the last one differs',
      'leases > leases of different names have nothing to do with each other',
      'list > finds a key by all of its 4,000 characters',
    ],
  ],
  [
    'lists what matches a pattern of SQL',
    () => new ListsLike(),
    [
      'keys > may contain "%"',
      'list > takes "a%b" as it is, not as a pattern',
      'list > takes "%" as it is, not as a pattern',
      'list > takes "a_b" as it is, not as a pattern',
    ],
  ],
  [
    'lists up to a last key that is not the last',
    () => new ListsToTilde(),
    [
      'list > yields keys that go on with the last characters there are',
      'after opening again > keys of any characters are there',
    ],
  ],
  ['lists one page', () => new ListsOnePage(), ['list > yields 1,200 keys, each once']],
  ['lists leases too', () => new ListsLeases(), ['leases > a lease is not listed']],
  [
    'loses its place when a key is deleted on the way',
    () => new ListsByPosition(),
    ['list > goes on while what it yields is rewritten and deleted'],
  ],
]

test.each(BROKEN)('a store is caught that %s', async (_, store, failures) => {
  expect(await failuresOf(store())).toEqual(failures)
})
