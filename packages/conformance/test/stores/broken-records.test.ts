import { expect, test } from 'vitest'
import {
  CreatesOverRecord,
  CutsValues,
  DeletesAnything,
  DeletesLate,
  FoldsGenerations,
  ForgetsWrites,
  IgnoresGeneration,
  ReadsAlias,
  ReadsNumbers,
  RefusesMarks,
  ReplacesNothing,
  TakesEmptyForNone,
  WritesAlias,
  WritesInTwoSteps,
  WritesLate,
} from '../support/broken-record-stores.js'
import { failuresOf } from '../support/collecting-runner.js'
import type { SoundStore } from '../support/sound-store.js'

/** What is wrong with a store, the store, and the tests that have to fail: these and no others. */
const BROKEN: readonly (readonly [
  fault: string,
  store: () => SoundStore,
  failures: readonly string[],
])[] = [
  [
    'returns the object that it keeps',
    () => new ReadsAlias(),
    ['records > what is read is a copy: the reader may change its object'],
  ],
  [
    'keeps the object that it is given',
    () => new WritesAlias(),
    ['records > what is written is a copy: the caller may change its object'],
  ],
  [
    'does not look at the generation that is replaced',
    () => new IgnoresGeneration(),
    [
      'compare and set > a put over another generation is refused',
      'compare and set > a put over a generation that was replaced is refused',
      'compare and set > generations that differ in case or in a space are two',
      'compare and set > a mark never undoes a new generation, whichever comes first',
      'compare and set > of 50 puts over the same generation exactly one succeeds',
      'two processes > refuse a write over what the other replaced',
      'two processes > let one of 50 puts over a generation succeed',
      'two processes > lose no update of a counter',
    ],
  ],
  [
    'creates over an existing record',
    () => new CreatesOverRecord(),
    [
      'compare and set > a put over nothing is refused when there is a record',
      'compare and set > a put over nothing is refused also with the generation that is stored',
      'compare and set > of 50 puts over nothing exactly one succeeds',
      'two processes > refuse a write over what the other replaced',
      'after opening again > records are there as they were written last',
    ],
  ],
  [
    'replaces what is not there',
    () => new ReplacesNothing(),
    [
      'compare and set > a put over a generation is refused when there is no record',
      'compare and set > a record can be created again after a delete',
      'compare and set > of a put and a delete of the same generation exactly one succeeds',
    ],
  ],
  [
    'takes an empty generation for none',
    () => new TakesEmptyForNone(),
    ['compare and set > a put over a generation is refused when there is no record'],
  ],
  [
    'lets others in between its check and its write',
    () => new WritesLate(),
    [
      'compare and set > a mark never undoes a new generation, whichever comes first',
      'compare and set > of 50 puts over the same generation exactly one succeeds',
      'compare and set > of 50 puts over nothing exactly one succeeds',
      'compare and set > of a put and a delete of the same generation exactly one succeeds',
      'two processes > let one of 50 puts over a generation succeed',
      'two processes > lose no update of a counter',
    ],
  ],
  [
    'refuses to write a record in its own generation',
    () => new RefusesMarks(),
    ['compare and set > a record may be rewritten in its own generation, as a mark does'],
  ],
  [
    'compares generations as some databases compare text',
    () => new FoldsGenerations(),
    ['compare and set > generations that differ in case or in a space are two'],
  ],
  [
    'takes the old record away before it writes the new one',
    () => new WritesInTwoSteps(),
    ['records > a reader sees the old record or the new one, never a mix and never none'],
  ],
  [
    'says that it wrote, but did not',
    () => new ForgetsWrites(),
    [
      'records > a reader sees the old record or the new one, never a mix and never none',
      'compare and set > a put over the stored generation replaces it',
      'compare and set > a put over a generation that was replaced is refused',
      'compare and set > a record may be rewritten in its own generation, as a mark does',
      'compare and set > a new generation is accepted over a mark on its predecessor',
      'compare and set > of a put and a delete of the same generation exactly one succeeds',
      'leases > a lease keeps nobody from reading, writing and deleting',
      'list > goes on while what it yields is rewritten and deleted',
      'two processes > refuse a write over what the other replaced',
      'two processes > lose no update of a counter',
      'after opening again > records are there as they were written last',
    ],
  ],
  [
    'cuts values at 32 kB',
    () => new CutsValues(),
    ['records > values of 64 kB are kept as they are'],
  ],
  [
    'reads long numbers as numbers',
    () => new ReadsNumbers(),
    [
      'records > values with an id beyond 2^53 are kept as they are',
      'records > values that look like a number are kept as they are',
    ],
  ],
  [
    'does not look at the generation that is deleted',
    () => new DeletesAnything(),
    [
      'compare and set > generations that differ in case or in a space are two',
      'compare and set > a delete of another generation is refused',
      'compare and set > of a put and a delete of the same generation exactly one succeeds',
      'two processes > refuse a write over what the other replaced',
    ],
  ],
  [
    'lets others in between its check and its delete',
    () => new DeletesLate(),
    [
      'compare and set > of 50 deletes of the same generation exactly one succeeds',
      'compare and set > of a put and a delete of the same generation exactly one succeeds',
    ],
  ],
]

test.each(BROKEN)('a store is caught that %s', async (_, store, failures) => {
  expect(await failuresOf(store())).toEqual(failures)
})
