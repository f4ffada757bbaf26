import { deepEqual, equal } from 'node:assert/strict'
import type { TokenStore } from '@procore-auth/core'
import { type Bed, listed, newRecord } from './bench.js'
import { longTwins, ODD_TEXTS, TWIN_ENDINGS, wideTwins } from './names.js'

/** Declares the tests of keys: text of any characters, each its own. */
export function testKeys({ describe, test }: Bed): void {
  describe('keys', () => {
    for (const odd of ODD_TEXTS) {
      test(`may contain ${JSON.stringify(odd)}`, async ({ store, key }) => {
        const keys = [`${key}${odd}`, `${key}${odd}z`, `${odd}${key}`]
        for (const [index, odder] of keys.entries()) {
          equal(await store.put(odder, newRecord(`value ${index}`), undefined), true)
        }
        for (const [index, odder] of keys.entries()) {
          equal((await store.get(odder))?.value, `value ${index}`)
        }
        deepEqual(await listed(store, `${key}${odd}`), [`${key}${odd}`, `${key}${odd}z`].sort())
        deepEqual(await listed(store, `${odd}${key}`), [`${odd}${key}`])
      })
    }

    for (const [how, endings] of Object.entries(TWIN_ENDINGS)) {
      test(`that differ only ${how} are two`, async ({ store, key }) => {
        await assertTwo(store, `${key}${endings[0]}`, `${key}${endings[1]}`)
      })
    }

    test('of 4,000 characters are two when the last one differs', async ({ store }) => {
      await assertTwo(store, ...longTwins())
    })

    test('of 4,000 letters of several bytes are two when the last one differs', async ({
      store,
    }) => {
      await assertTwo(store, ...wideTwins())
    })
  })
}

async function assertTwo(store: TokenStore, one: string, two: string): Promise<void> {
  const first = newRecord('one')
  const second = newRecord('two')
  equal(await store.put(one, first, undefined), true)
  equal(await store.get(two), undefined)
  equal(await store.put(two, second, undefined), true)
  equal((await store.get(one))?.value, 'one')
  equal((await store.get(two))?.value, 'two')
  equal(await store.delete(one, first.generation), true)
  equal((await store.get(two))?.value, 'two')
  equal(await store.delete(two, second.generation), true)
}
