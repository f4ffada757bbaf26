import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { GrantRef } from '../../src/tokens/renewal.js'
import { type RotationProgress, rotateKeys } from '../../src/tokens/rotate-keys.js'
import type { TokenStore } from '../../src/tokens/store.js'
import { HOUR } from '../support/core-clock.js'
import { plainGrants, Scene, sealedGrants } from '../support/core-manager.js'
import { codeOf } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

const OLD = 'an old secret of 32 characters or more'
const NEW = 'a new secret of 32 characters or more'
const MISMATCH = 'ERR_PROCORE_STORE_KEY_MISMATCH'

/** Users who signed in while only the old secret was there. */
async function scene(count: number) {
  const one = new Scene()
  const start = (secrets: readonly string[], acceptsPlaintext = false) =>
    one.process({ grants: sealedGrants(one.store, secrets, { acceptsPlaintext }) })
  const old = start([OLD])
  const refs: GrantRef[] = []
  for (let user = 0; user < count; user += 1) refs.push(await one.signIn(old, `user-${user}`))
  const rotate = (options: { store?: TokenStore; acceptsPlaintext?: boolean } = {}) => {
    const { store = one.store, acceptsPlaintext = false } = options
    const seen: RotationProgress[] = []
    const grants = sealedGrants(store, [NEW, OLD], { acceptsPlaintext })
    const config = { grants, clock: one.clock, randomBytes }
    const done = rotateKeys(config, (progress) => seen.push(progress))
    return { seen, done }
  }
  return { scene: one, start, refs, rotate }
}

/** The id of the key that sealed a row. */
async function keyId(one: Scene, ref: GrantRef): Promise<string | undefined> {
  return (await one.memory.get(ref.key))?.value.split('.')[1]
}

describe('keys are rotated', () => {
  test('in every row, with progress; then the old secret can be removed', async () => {
    const { scene: one, start, refs, rotate } = await scene(20)
    const { seen, done } = rotate()
    expect(await done).toEqual({ seen: 20, rotated: 20, unreadable: 0 })
    expect(seen.map((progress) => progress.seen)).toEqual(refs.map((_, index) => index + 1))
    const [manager, old] = [start([NEW]), start([OLD])]
    for (const [index, ref] of refs.entries()) {
      expect((await manager.use(ref)).accessToken.reveal()).toBe(`access-${index + 1}`)
      expect(await codeOf(old.use(ref))).toBe(MISMATCH)
    }
    expect(new Set(await Promise.all(refs.map((ref) => keyId(one, ref)))).size).toBe(1)
  })

  test('without changing a generation, so that no token in use is taken for an old one', async () => {
    const { scene: one, refs, rotate } = await scene(1)
    const [ref] = refs
    const before = ref && (await one.memory.get(ref.key))
    await rotate().done
    const after = ref && (await one.memory.get(ref.key))
    expect(after?.generation).toBe(before?.generation)
    expect(after?.value).not.toBe(before?.value)
  })

  test('once: a second run looks and writes nothing', async () => {
    const { scene: one, rotate } = await scene(5)
    await rotate().done
    const before = one.store.calls.length
    expect(await rotate().done).toEqual({ seen: 5, rotated: 0, unreadable: 0 })
    expect(one.store.calls.slice(before)).toEqual(Array.from({ length: 5 }, () => 'get'))
  })

  test('under load: refreshes and sign-ins go on, no call fails, no pair is lost', async () => {
    const { scene: one, start, refs, rotate } = await scene(40)
    one.clock.advance(2 * HOUR)
    const processes = [start([NEW, OLD]), start([NEW, OLD]), start([NEW, OLD])]
    const { done } = rotate()
    const calls = refs.flatMap((ref) => processes.map((manager) => manager.use(ref)))
    const signIns = refs.slice(0, 5).map((ref) => one.signIn(start([NEW, OLD]), ref.principal))
    const outcomes = await Promise.allSettled([...calls, ...signIns])
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(await done).toMatchObject({ seen: 40, unreadable: 0 })
    expect(new Set(one.ledger.refreshes).size).toBe(one.ledger.refreshes.length)
    const manager = start([NEW])
    for (const ref of refs) {
      const { accessToken } = await manager.use(ref)
      expect(one.ledger.honours(accessToken)).toBe(true)
    }
  })

  test('behind a refresh that is under way: its pair is not written over', async () => {
    const { scene: one, start, refs, rotate } = await scene(1)
    one.clock.advance(2 * HOUR)
    let rotation: Promise<RotationProgress> | undefined
    one.ledger.nextRefresh.push(async (act) => {
      rotation = rotate().done
      for (let count = 0; count < 20; count += 1) await one.clock.sleep(100)
      return act()
    })
    const [ref] = refs
    if (!ref) throw new Error('nobody signed in')
    // A process of the last release still seals with the old secret.
    await start([OLD, NEW]).use(ref)
    expect(await rotation).toEqual({ seen: 1, rotated: 1, unreadable: 0 })
    expect((await start([NEW]).use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('and a sign-in at that very moment counts', async () => {
    const { scene: one, start, refs, rotate } = await scene(1)
    let isFirst = true
    const store = withMethods(one.memory, {
      put: async (key, record, replaces) => {
        if (isFirst) {
          isFirst = false
          await one.signIn(start([OLD]), 'user-0')
        }
        return one.memory.put(key, record, replaces)
      },
    })
    expect(await rotate({ store }).done).toMatchObject({ rotated: 1 })
    const [ref] = refs
    if (!ref) throw new Error('nobody signed in')
    expect((await start([NEW]).use(ref)).accessToken.reveal()).toBe('access-2')
  })
})

describe('rows that cannot be read', () => {
  const spoilt: readonly (readonly [string, (value: string, current: string) => string])[] = [
    ['sealed by a secret that is gone', (value) => value.replace(/\.[0-9a-f]{8}\./, '.00000000.')],
    ['cut short', (value) => value.slice(0, -1)],
    ['moved here from a row that is current', (_, current) => current],
    ['plain text', () => '{}'],
  ]

  test.each(spoilt)('are counted and left untouched, and stop nothing: %s', async (_, spoil) => {
    const { scene: one, start, refs, rotate } = await scene(4)
    const [, bad] = refs
    if (!bad) throw new Error('nobody signed in')
    const current = await one.memory.get((await one.signIn(start([NEW]), 'current')).key)
    const before = await one.memory.get(bad.key)
    const generation = before?.generation ?? ''
    const record = { generation, value: spoil(before?.value ?? '', current?.value ?? '') }
    await one.memory.put(bad.key, record, generation)
    expect(await rotate().done).toEqual({ seen: 5, rotated: 3, unreadable: 1 })
    expect(await one.memory.get(bad.key)).toEqual(record)
  })

  test('plain text is sealed where it is accepted', async () => {
    const one = new Scene()
    const ref = await one.signIn(one.process())
    const config = { clock: one.clock, randomBytes }
    const grants = sealedGrants(one.memory, [NEW], { acceptsPlaintext: true })
    expect(await rotateKeys({ ...config, grants })).toMatchObject({ rotated: 1 })
    expect((await one.memory.get(ref.key))?.value).toMatch(/^sealed:v1\./)
  })

  test('a row that is deleted meanwhile is no error', async () => {
    const { scene: one, refs, rotate } = await scene(2)
    let isFirst = true
    const store = withMethods(one.memory, {
      acquireLease: async (name, owner, ttlMs) => {
        if (isFirst) {
          isFirst = false
          const record = await one.memory.get(name)
          await one.memory.delete(name, record?.generation ?? '')
        }
        return one.memory.acquireLease(name, owner, ttlMs)
      },
    })
    expect(await rotate({ store }).done).toEqual({ seen: 2, rotated: 1, unreadable: 0 })
    expect(refs).toHaveLength(2)
  })

  test('a store that is down ends the rotation, and what was done stays done', async () => {
    const { scene: one, rotate } = await scene(3)
    one.store.failAfter('put', 1)
    const { seen, done } = rotate()
    expect(await codeOf(done)).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(seen).toEqual([{ seen: 1, rotated: 1, unreadable: 0 }])
    one.store.isDown = false
    expect(await rotate().done).toEqual({ seen: 3, rotated: 2, unreadable: 0 })
  })

  test('a list that fails is an error of the store', async () => {
    const { scene: one, rotate } = await scene(1)
    const list = (): never => {
      throw new Error('secret row')
    }
    const { done } = rotate({ store: withMethods(one.memory, { list }) })
    expect(await codeOf(done)).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
  })
})

test('without a secret plain text is current, and what is sealed is unreadable', async () => {
  const { scene: one } = await scene(1)
  await one.signIn(one.process(), 'plain')
  const grants = plainGrants(one.memory)
  const result = await rotateKeys({ grants, clock: one.clock, randomBytes })
  expect(result).toEqual({ seen: 2, rotated: 0, unreadable: 1 })
})

test('grants of another environment or application are left alone', async () => {
  const { scene: one, rotate } = await scene(1)
  for (const key of ['procore:production:client-id:authorization_code:x', 'procore:other', 'x']) {
    await one.memory.put(key, { generation: 'g', value: 'foreign' }, undefined)
  }
  expect(await rotate().done).toEqual({ seen: 1, rotated: 1, unreadable: 0 })
})

test('a service account is rotated like a user', async () => {
  const { scene: one, start, rotate } = await scene(1)
  const manager = start([OLD])
  const ref = manager.ref('client_credentials', 'service-account')
  await manager.use(ref)
  expect(await rotate().done).toEqual({ seen: 2, rotated: 2, unreadable: 0 })
  expect((await start([NEW]).use(ref)).accessToken.reveal()).toBe('access-2')
  expect(one.ledger.serviceRequests).toBe(1)
})
