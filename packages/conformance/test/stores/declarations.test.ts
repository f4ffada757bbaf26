import { MemoryTokenStore } from '@procore-auth/core'
import { expect, test } from 'vitest'
import { type TokenStoreSubject, testTokenStore } from '../../src/index.js'
import { CollectingRunner, failuresOf } from '../support/collecting-runner.js'
import { SoundStore } from '../support/sound-store.js'

function testsOf(subject: Partial<TokenStoreSubject>): string[] {
  const runner = new CollectingRunner()
  testTokenStore(runner, {
    name: 'store',
    open: async () => ({ store: new MemoryTokenStore() }),
    shared: false,
    durable: false,
    ...subject,
  })
  return [...runner.tests.keys()]
}

function groupsOf(tests: readonly string[]): string[] {
  return [...new Set(tests.map((test) => test.split(' > ')[0] ?? ''))]
}

test('a store without a fault passes', async () => {
  expect(await failuresOf(new SoundStore())).toEqual([])
})

test('what is declared is tested on top', () => {
  const always = ['records', 'keys', 'compare and set', 'leases', 'the end of a lease', 'list']
  expect(groupsOf(testsOf({}))).toEqual(always)
  expect(groupsOf(testsOf({ shared: true }))).toEqual([...always, 'two processes'])
  expect(groupsOf(testsOf({ durable: true }))).toEqual([...always, 'after opening again'])
  const openUnreachable = async () => ({ store: new MemoryTokenStore() })
  expect(groupsOf(testsOf({ openUnreachable }))).toEqual([...always, 'out of reach'])
})

test('handles that do not share their data are caught', async () => {
  const sound = new SoundStore()
  const failures = await failuresOf(sound, {
    open: async () => ({ store: new MemoryTokenStore({ clock: movable(sound) }) }),
  })
  expect(groupsOf(failures)).toEqual(['two processes', 'after opening again'])
  const optional = testsOf({ shared: true, durable: true }).filter((name) =>
    /^(two processes|after opening again)/.test(name),
  )
  // What was deleted is gone from a store that forgets everything, too.
  expect(optional.filter((name) => !failures.includes(name))).toEqual([
    'after opening again > what was deleted is gone',
  ])
})

test('a store that has an answer although it is out of reach is caught at each method', async () => {
  const unreachable = new SoundStore()
  expect(await failuresOf(new SoundStore(), { unreachable })).toEqual(
    ['get', 'put', 'delete', 'acquireLease', 'releaseLease', 'list'].map(
      (method) => `out of reach > ${method} rejects`,
    ),
  )
})

test('a store that throws instead of rejecting is caught', async () => {
  const unreachable = new SoundStore()
  unreachable.get = () => {
    throw new Error('out of reach')
  }
  expect(await failuresOf(new SoundStore(), { unreachable })).toContain(
    'out of reach > get rejects',
  )
})

test('every handle is closed, also after a failure', async () => {
  let open = 0
  const sound = new SoundStore()
  sound.get = async () => undefined
  const failures = await failuresOf(sound, {
    open: async () => {
      open += 1
      return {
        store: sound,
        close: async () => {
          open -= 1
        },
      }
    },
  })
  expect(failures.length).toBeGreaterThan(10)
  expect(open).toBe(0)
})

test('two tests never share a key', async () => {
  const store = new SoundStore()
  expect(await failuresOf(store)).toEqual([])
  expect(await failuresOf(store)).toEqual([])
})

function movable(store: SoundStore) {
  return { now: () => store.now, sleep: async () => undefined }
}
