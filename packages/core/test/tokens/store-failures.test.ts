import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { encodeGrant } from '../../src/tokens/grant.js'
import { HOUR } from '../support/core-clock.js'
import { rejected } from '../support/core-ledger.js'
import { REDIRECT_URI, Scene, USER } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'
import { UnreliableStore, withMethods } from '../support/core-stores.js'

async function expiredScene() {
  const scene = new Scene()
  const manager = scene.process()
  const ref = await scene.signIn(manager)
  scene.clock.advance(2 * HOUR)
  return { scene, manager, ref }
}

describe('a store that is down', () => {
  test('means no refresh and a typed error; the tokens are untouched', async () => {
    const { scene, manager, ref } = await expiredScene()
    const before = await scene.stored(ref)
    scene.store.isDown = true
    const errors = await Promise.all(Array.from({ length: 100 }, () => rejection(manager.use(ref))))
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ERR_PROCORE_STORE_UNAVAILABLE', status: 503 })
    }
    expect(scene.ledger.refreshes).toEqual([])
    expect(await scene.stored(ref)).toEqual(before)
    scene.store.isDown = false
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('for leases alone means no refresh either', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.store.down.add('acquireLease')
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(await codeOf(manager.replace(ref, 'other'))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(scene.ledger.refreshes).toEqual([])
    expect(scene.ledger.revocations).toEqual([])
  })

  test('does not stop a token that is in memory and fresh', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    scene.store.isDown = true
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
  })

  test('says what failed by its code, and quotes nothing', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.store.isDown = true
    const error = await rejection(manager.use(ref))
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('secret row')
    expect(inspect(error.cause)).toContain('ECONNRESET')
  })

  test('is told from one that finds a record damaged, in the words of the store', async () => {
    const { scene, ref } = await expiredScene()
    const damaged = Object.assign(new Error('file 7 is damaged'), {
      code: 'ERR_PROCORE_STORE_CORRUPTED',
      row: 'secret row',
    })
    const store = withMethods(scene.memory, {
      get: async () => {
        throw damaged
      },
    })
    const error = await rejection(scene.process({ store }).use(ref))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_STORE_CORRUPTED', status: 500 })
    expect(inspect(error.cause)).toContain('file 7 is damaged')
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('secret row')
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('may throw anything, synchronously too', async () => {
    const { scene, ref } = await expiredScene()
    const failures = [
      () => Promise.reject('text'),
      () => Promise.reject(undefined),
      () => {
        throw new Error('at once')
      },
    ]
    for (const get of failures) {
      const manager = scene.process({ store: withMethods(scene.memory, { get }) })
      expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    }
  })

  test('fails a status and a sign-in with the same error', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = manager.ref('authorization_code', 'jim')
    scene.store.isDown = true
    expect(await codeOf(manager.status(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(await codeOf(manager.isConnected(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(await codeOf(scene.signIn(manager))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
  })
})

describe('a store that fails between the exchange and the write', () => {
  test('is tried again: the pair arrives', async () => {
    const { scene, ref } = await expiredScene()
    let puts = 0
    const store = withMethods(scene.memory, {
      put: async (key, record, replaces) => {
        puts += 1
        if (puts > 1 && puts < 5) throw new Error('down')
        return scene.memory.put(key, record, replaces)
      },
    })
    const used = await scene.process({ store }).use(ref)
    expect(used.accessToken.reveal()).toBe('access-2')
    expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-2' })
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(scene.clock.slept).toEqual([50, 100, 200])
  })

  test('may have written though it says it failed: the pair is recognized, not revoked', async () => {
    const { scene, ref } = await expiredScene()
    let puts = 0
    const store = withMethods(scene.memory, {
      put: async (key, record, replaces) => {
        puts += 1
        const written = await scene.memory.put(key, record, replaces)
        if (puts === 2) throw new Error('answer lost')
        return written
      },
    })
    expect((await scene.process({ store }).use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.revocations).toEqual([])
    expect(scene.eventNames()).toEqual(['tokens-refreshed'])
  })

  test('gets no token out unpersisted; the pair is kept and written with the next call', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.store.failAfter('put', 1)
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-1' })
    scene.store.isDown = false
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-2' })
    expect(scene.ledger.revocations).toEqual([])
  })

  test('and meanwhile marked by another process: the late write heals the grant', async () => {
    const { scene, ref } = await expiredScene()
    const store = new UnreliableStore(scene.memory)
    const slow = scene.process({ store })
    store.failAfter('put', 1)
    await rejection(slow.use(ref))
    const sibling = scene.process()
    expect(await codeOf(sibling.use(ref))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
    store.isDown = false
    expect((await slow.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(await sibling.status(ref)).toMatchObject({ state: 'connected' })
    expect((await sibling.use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('and the kept pair is too late for a new sign-in: it is revoked, the sign-in counts', async () => {
    const { scene, ref } = await expiredScene()
    const store = new UnreliableStore(scene.memory)
    const slow = scene.process({ store })
    store.failAfter('put', 1)
    await rejection(slow.use(ref))
    await scene.signIn(scene.process())
    store.isDown = false
    expect((await slow.use(ref)).accessToken.reveal()).toBe('access-3')
    expect(scene.ledger.revocations).toEqual(['access-2'])
  })

  test('and the kept pair has expired meanwhile: it is written, then refreshed', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.store.failAfter('put', 1)
    await rejection(manager.use(ref))
    scene.store.isDown = false
    scene.clock.advance(2 * HOUR)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
    expect(scene.ledger.refreshes).toEqual(['refresh-1', 'refresh-2'])
  })
})

describe('a pair that can no longer be stored', () => {
  test('because somebody signed in: it is revoked and the sign-in counts', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = act()
      await scene.signIn(scene.process())
      return tokens
    })
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
    expect(scene.ledger.revocations).toEqual(['access-2'])
    expect(scene.eventNames()).toEqual([])
  })

  test('because somebody disconnected: it is revoked and nothing comes back', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = act()
      await scene.memory.delete(ref.key, (await scene.memory.get(ref.key))?.generation ?? '')
      return tokens
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
  })

  test('and cannot be revoked either: that is told, and the sign-in counts', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = act()
      await scene.signIn(scene.process())
      return tokens
    })
    scene.ledger.nextRevoke.push(() => {
      throw rejected('invalid_client')
    })
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
    expect(scene.eventNames()).toEqual(['refresh-failed'])
  })

  test('and a fault of our own code while revoking is not hidden', async () => {
    const { scene, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = act()
      await scene.signIn(scene.process())
      return tokens
    })
    const revoke = () => Promise.reject(new TypeError('a bug'))
    await expect(scene.process({ revoke }).use(ref)).rejects.toThrow(TypeError)
  })

  test('a service account whose row was deleted meanwhile is asked for again', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = manager.ref('client_credentials', 'service-account')
    await manager.use(ref)
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextServiceRequest.push(async (act) => {
      await scene.memory.delete(ref.key, (await scene.memory.get(ref.key))?.generation ?? '')
      return act()
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
  })
})

describe('a row that is not what was written', () => {
  const GOOD = {
    v: 1,
    principal: 'jim',
    accessToken: 'a',
    refreshToken: 'r',
    issuedAt: 1,
    lifetimeMs: 1,
  }

  test.each<[string, string]>([
    ['is no JSON', 'secret-token{'],
    ['is empty', ''],
    ['is null', 'null'],
    ['is text', '"secret-token"'],
    ['is a list', '["secret-token"]'],
    ['has another version', JSON.stringify({ ...GOOD, v: 2 })],
    ['was moved here from another principal', JSON.stringify({ ...GOOD, principal: 'ann' })],
    ['lacks the access token', JSON.stringify({ ...GOOD, accessToken: undefined })],
    ['has an odd access token', JSON.stringify({ ...GOOD, accessToken: ['a'] })],
    ['lacks the time of issue', JSON.stringify({ ...GOOD, issuedAt: null })],
    ['has an odd lifetime', JSON.stringify({ ...GOOD, lifetimeMs: '1' })],
  ])('because it %s is left alone, and nothing is sent', async (_, value) => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = manager.ref('authorization_code', 'jim')
    const record = { generation: 'g', value }
    await scene.memory.put(ref.key, record, undefined)
    for (const call of [
      () => manager.use(ref),
      () => manager.replace(ref, 'g'),
      () => manager.status(ref),
      () => manager.disconnect(ref),
    ]) {
      const error = await rejection(call())
      expect(error.code).toBe('ERR_PROCORE_STORE_CORRUPTED')
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('secret-token')
    }
    expect(await scene.memory.get(ref.key)).toEqual(record)
    expect([...scene.ledger.refreshes, ...scene.ledger.revocations]).toEqual([])
    await scene.signIn(manager)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
  })

  test('but what does not matter may be odd', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = manager.ref('authorization_code', 'jim')
    for (const odd of [null, 5, 'x', [], {}, { id: 1, login: 'a', name: 'b', reason: 1 }]) {
      const value = { ...GOOD, user: odd, redirectUri: 5, refreshToken: 5, reauthorization: odd }
      const before = await scene.memory.get(ref.key)
      const record = { generation: 'g', value: JSON.stringify(value) }
      await scene.memory.put(ref.key, record, before?.generation)
      expect(await manager.status(ref)).toEqual({ state: 'connected', user: undefined })
    }
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
  })

  test('a grant survives the store unchanged', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager, 'ünï \u0000"\\😀')
    expect(await manager.status(ref)).toEqual({ state: 'connected', user: USER })
    expect(await scene.stored(ref)).toMatchObject({
      v: 1,
      principal: 'ünï \u0000"\\😀',
      redirectUri: REDIRECT_URI,
      user: { id: '562949953430360' },
    })
    const { value } = encodeGrant({
      generation: 'g',
      principal: 'p',
      tokens: { ...scene.ledger.issue(), refreshToken: undefined },
      user: undefined,
      redirectUri: undefined,
      refreshPending: undefined,
      reauthorization: undefined,
    })
    expect(Object.keys(JSON.parse(value)).sort()).toEqual(
      ['accessToken', 'issuedAt', 'lifetimeMs', 'principal', 'v'].sort(),
    )
  })
})
