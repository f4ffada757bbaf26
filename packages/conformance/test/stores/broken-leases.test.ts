import { expect, test } from 'vitest'
import {
  GivesToAll,
  HoldsOneLease,
  LeasesLate,
  LocksRecords,
  LosesOnRenewal,
  MixesLeases,
  NeverEnds,
  RefusesOwner,
  ReleasesAnything,
  ReleasesNothing,
  RemembersOwners,
  RenewsNothing,
} from '../support/broken-lease-stores.js'
import { failuresOf } from '../support/collecting-runner.js'
import type { SoundStore } from '../support/sound-store.js'

/** What is wrong with a store, the store, and the tests that have to fail: these and no others. */
const BROKEN: readonly (readonly [
  fault: string,
  store: () => SoundStore,
  failures: readonly string[],
])[] = [
  [
    'gives a lease to whoever asks',
    () => new GivesToAll(),
    [
      'leases > a lease is held by one owner',
      'leases > its owner may take it again, and keeps it',
      'leases > a lease that was given back can be taken',
      'leases > nobody gives back the lease of another',
      'leases > of 50 owners at once exactly one gets it',
      'leases > leases of different names have nothing to do with each other',
      'leases > a lease keeps nobody from reading, writing and deleting',
      'the end of a lease > of one name leaves the others held',
      'the end of a lease > is put off by taking it again',
      'the end of a lease > is not the end when nobody else wants it',
      'the end of a lease > is final once another holds it',
      'the end of a lease > makes giving back do nothing to the next owner',
      'the end of a lease > lets exactly one of 50 waiting owners in',
      'two processes > share a lease',
      'two processes > let one of 50 owners have a lease',
      'two processes > take over a lease that ended',
      'two processes > keep a lease whose taker has gone',
      'after opening again > a lease is still held',
    ],
  ],
  [
    'lets others in between its check and its write',
    () => new LeasesLate(),
    [
      'leases > of 50 owners at once exactly one gets it',
      'the end of a lease > lets exactly one of 50 waiting owners in',
      'two processes > let one of 50 owners have a lease',
      'two processes > take over a lease that ended',
    ],
  ],
  [
    'never ends a lease',
    () => new NeverEnds(),
    [
      'the end of a lease > comes by itself',
      'the end of a lease > of one name leaves the others held',
      'the end of a lease > is brought forward by taking it again for less',
      'the end of a lease > is final once another holds it',
      'the end of a lease > makes giving back do nothing to the next owner',
      'the end of a lease > lets exactly one of 50 waiting owners in',
      'two processes > take over a lease that ended',
    ],
  ],
  [
    'refuses a lease to its own owner',
    () => new RefusesOwner(),
    [
      'leases > its owner may take it again, and keeps it',
      'leases > of 50 owners at once exactly one gets it',
      'the end of a lease > is put off by taking it again',
      'the end of a lease > is brought forward by taking it again for less',
      'the end of a lease > is final once another holds it',
      'the end of a lease > makes giving back do nothing to the next owner',
      'two processes > keep a lease whose taker has gone',
      'after opening again > a lease is still held',
    ],
  ],
  [
    'says that it renewed, but leaves the end where it was',
    () => new RenewsNothing(),
    [
      'the end of a lease > is put off by taking it again',
      'the end of a lease > is brought forward by taking it again for less',
    ],
  ],
  [
    'gives the lease back when its owner takes it again',
    () => new LosesOnRenewal(),
    [
      'leases > its owner may take it again, and keeps it',
      'leases > of 50 owners at once exactly one gets it',
      'the end of a lease > is put off by taking it again',
      'the end of a lease > is not the end when nobody else wants it',
    ],
  ],
  [
    'gives a former owner its lease back',
    () => new RemembersOwners(),
    [
      'leases > a lease that was given back can be taken',
      'the end of a lease > is final once another holds it',
      'two processes > share a lease',
      'two processes > take over a lease that ended',
    ],
  ],
  [
    'lets anybody give a lease back',
    () => new ReleasesAnything(),
    [
      'leases > nobody gives back the lease of another',
      'the end of a lease > makes giving back do nothing to the next owner',
      'two processes > share a lease',
    ],
  ],
  [
    'never gives a lease back',
    () => new ReleasesNothing(),
    [
      'leases > a lease that was given back can be taken',
      'leases > a lease that was taken several times is given back once',
      'leases > giving back what nobody holds does nothing',
      'leases > leases of different names have nothing to do with each other',
      'two processes > share a lease',
    ],
  ],
  [
    'keeps leases where records are',
    () => new MixesLeases(),
    [
      'leases > a lease keeps nobody from reading, writing and deleting',
      'leases > a record is not touched by a lease of its key',
      'leases > a lease is not listed',
    ],
  ],
  [
    'locks a record while its lease is held',
    () => new LocksRecords(),
    ['leases > a lease keeps nobody from reading, writing and deleting'],
  ],
  [
    'holds one lease for all names',
    () => new HoldsOneLease(),
    [
      'leases > nobody gives back the lease of another',
      'leases > giving back what nobody holds does nothing',
      'leases > of 50 owners at once exactly one gets it',
      'leases > leases of different names have nothing to do with each other',
      'leases > names that look alike are two',
      'leases > a record is not touched by a lease of its key',
      'the end of a lease > comes by itself',
      'the end of a lease > of one name leaves the others held',
      'the end of a lease > is put off by taking it again',
      'the end of a lease > is brought forward by taking it again for less',
      'the end of a lease > is not the end when nobody else wants it',
      'the end of a lease > is final once another holds it',
      'the end of a lease > makes giving back do nothing to the next owner',
      'the end of a lease > lets exactly one of 50 waiting owners in',
      'two processes > share a lease',
      'two processes > let one of 50 owners have a lease',
      'two processes > take over a lease that ended',
      'two processes > keep a lease whose taker has gone',
      'after opening again > a lease is still held',
    ],
  ],
]

test.each(BROKEN)('a store is caught that %s', async (_, store, failures) => {
  expect(await failuresOf(store())).toEqual(failures)
})
