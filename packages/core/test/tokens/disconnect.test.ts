import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import { HOUR, TestClock } from '../support/core-clock.js'
import { lost, noAnswer, notSent, rejected } from '../support/core-ledger.js'
import { Scene } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

async function connectedScene(mode: 'strict' | 'on-use' = 'strict') {
  const scene = new Scene({ mode })
  const manager = scene.process()
  const ref = await scene.signIn(manager)
  return { scene, manager, ref }
}

describe.each(['strict', 'on-use'] as const)('afterwards no token works (%s)', (mode) => {
  test('when the access token was alive', async () => {
    const { scene, manager, ref } = await connectedScene(mode)
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
    expect(scene.ledger.refreshes).toEqual([])
    expect(await scene.stored(ref)).toBeUndefined()
    expect(scene.events).toEqual([{ name: 'disconnected', event: { principal: 'jim' } }])
    expect(await manager.isConnected(ref)).toBe(false)
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
  })

  test('when the access token had expired and revoking it would silently do nothing', async () => {
    const { scene, manager, ref } = await connectedScene(mode)
    scene.clock.advance(2 * HOUR)
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
    expect(scene.eventNames()).toEqual(['disconnected'])
  })

  test('when it was refreshed and the new pair never used', async () => {
    const { scene, manager, ref } = await connectedScene(mode)
    const { generation } = await manager.use(ref)
    await manager.replace(ref, generation)
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
    expect(scene.ledger.wouldRefresh(new Secret('refresh-1'))).toBe(false)
  })

  test('when Procore had ended the grant before', async () => {
    const { scene, manager, ref } = await connectedScene(mode)
    await scene.ledger.revoke(new Secret('access-1'))
    await manager.disconnect(ref)
    expect(await scene.stored(ref)).toBeUndefined()
    expect(scene.eventNames()).toEqual(['disconnected'])
  })

  test('when the grant was marked', async () => {
    const { scene, manager, ref } = await connectedScene(mode)
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    await rejection(manager.use(ref))
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
  })
})

test('disconnecting who is not connected does nothing, and tells no one', async () => {
  const scene = new Scene()
  const manager = scene.process()
  await manager.disconnect(manager.ref('authorization_code', 'nobody'))
  expect(scene.events).toEqual([])
  expect([...scene.ledger.revocations, ...scene.ledger.inspections]).toEqual([])
})

test('a grant without a refresh token and with a dead access token is deleted', async () => {
  const scene = new Scene()
  const manager = scene.process()
  const ref = manager.ref('client_credentials', 'service-account')
  await manager.use(ref)
  scene.clock.advance(2 * HOUR)
  await manager.disconnect(ref)
  expect(await scene.stored(ref)).toBeUndefined()
  expect(scene.ledger.refreshes).toEqual([])
})

describe('the grant is kept', () => {
  test('when revoking fails; the next try succeeds', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.ledger.nextRevoke.push(() => {
      throw noAnswer()
    })
    await rejection(manager.disconnect(ref))
    expect(scene.events).toEqual([])
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
  })

  test('when the access token still works after it was revoked', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.ledger.nextRevoke.push(() => undefined)
    const error = await rejection(manager.disconnect(ref))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_DISCONNECT_FAILED', status: 502 })
    expect(await manager.isConnected(ref)).toBe(true)
    expect(scene.events).toEqual([])
  })

  test.each(['first', 'last'] as const)('when the %s check has no answer', async (which) => {
    const { scene, manager, ref } = await connectedScene()
    if (which === 'last') scene.ledger.nextInspect.push((act) => act())
    scene.ledger.nextInspect.push(() => {
      throw noAnswer()
    })
    await rejection(manager.disconnect(ref))
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-1' })
    expect(scene.events).toEqual([])
  })

  test.each([lost, notSent, () => rejected('invalid_client')])(
    'when the dead access token cannot be renewed (%#)',
    async (failure) => {
      const { scene, manager, ref } = await connectedScene()
      scene.clock.advance(2 * HOUR)
      scene.ledger.nextRefresh.push(() => {
        throw failure()
      })
      await rejection(manager.disconnect(ref))
      expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-1' })
      expect(scene.events).toEqual([])
    },
  )

  test('and has the renewed pair, when that cannot be revoked', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRevoke.push(() => {
      throw noAnswer()
    })
    await rejection(manager.disconnect(ref))
    expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-2' })
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
  })

  test('when the store cannot be written: then nothing is sent', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.store.down.add('put')
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect([...scene.ledger.refreshes, ...scene.ledger.revocations]).toEqual([])
    scene.store.isDown = false
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
  })

  test('when the store cannot take the renewed pair; then that is revoked at once', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.store.failAfter('put', 1)
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(scene.ledger.alive()).toBe(0)
    scene.store.isDown = false
    await manager.disconnect(ref)
    expect(await scene.stored(ref)).toBeUndefined()
  })
})

describe('an access token that expires while it is revoked', () => {
  async function slowScene(times: number) {
    const scene = new Scene({ lifetimeMs: 10_000 })
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    for (let count = 0; count < times; count += 1) {
      scene.ledger.nextRevoke.push((act) => {
        scene.clock.advance(11_000)
        act()
      })
    }
    return { scene, manager, ref }
  }

  test.each([1, 2])('proves nothing, so the next pair is revoked (%d times)', async (times) => {
    const { scene, manager, ref } = await slowScene(times)
    await manager.disconnect(ref)
    expect(scene.ledger.refreshes).toHaveLength(times + 1)
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
  })

  test('again and again is an error, and the grant is kept', async () => {
    const { scene, manager, ref } = await slowScene(3)
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_DISCONNECT_FAILED')
    expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-4' })
    expect(scene.events).toEqual([])
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
  })

  test('cannot be told from one that lives a minute: its refresh token is tried', async () => {
    const scene = new Scene({ lifetimeMs: 60_000 })
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    await manager.disconnect(ref)
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
  })
})

test('a store that repeats a deletion whose answer was lost has deleted', async () => {
  const { scene, ref } = await connectedScene()
  const store = withMethods(scene.memory, {
    delete: async (key, generation) => {
      await scene.memory.delete(key, generation)
      return scene.memory.delete(key, generation)
    },
  })
  await scene.process({ store }).disconnect(ref)
  expect(scene.ledger.alive()).toBe(0)
  expect(scene.eventNames()).toEqual(['disconnected'])
})

describe('a disconnect and others at the same time', () => {
  test('a sign-in before a dead token is renewed counts: nothing is sent', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextInspect.push(async (act) => {
      const state = act()
      await scene.signIn(scene.process())
      return state
    })
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_DISCONNECT_FAILED')
    expect([...scene.ledger.refreshes, ...scene.ledger.revocations]).toEqual([])
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-2' })
  })

  test.each([notSent, () => rejected('invalid_client')])(
    'an attempt that spent nothing leaves nothing behind (%#)',
    async (failure) => {
      const { scene, manager, ref } = await connectedScene()
      scene.clock.advance(2 * HOUR)
      scene.ledger.nextRefresh.push(() => {
        throw failure()
      })
      await rejection(manager.disconnect(ref))
      expect(await scene.stored(ref)).not.toHaveProperty('refreshPending')
    },
  )

  test('an attempt whose answer was lost is named by whoever comes after it', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRefresh.push((act) => {
      act()
      throw lost()
    })
    await rejection(manager.disconnect(ref))
    expect(await scene.stored(ref)).toHaveProperty('refreshPending')
    expect(await rejection(manager.use(ref))).toMatchObject({ reason: 'lost-response' })
  })

  test('a refresh under way does not bring the grant back', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    const sibling = scene.process()
    const results = await Promise.allSettled([
      sibling.use(ref),
      manager.disconnect(ref),
      sibling.use(ref),
      manager.use(ref),
    ])
    expect(results[1]?.status).toBe('fulfilled')
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
  })

  test.each(['strict', 'on-use'] as const)(
    'a refresh of another process is waited for, and its pair is ended (%s)',
    async (mode) => {
      const { scene, manager, ref } = await connectedScene(mode)
      scene.clock.advance(2 * HOUR)
      let ended: Promise<void> = Promise.resolve()
      scene.ledger.nextRefresh.push(async (act) => {
        ended = manager.disconnect(ref)
        for (let count = 0; count < 100; count += 1) await scene.clock.sleep(500)
        expect(scene.ledger.revocations).toEqual([])
        return act()
      })
      const sibling = scene.process()
      expect((await sibling.use(ref)).accessToken.reveal()).toBe('access-2')
      await ended
      expect(scene.ledger.revocations).toEqual(['access-2'])
      expect(scene.ledger.alive()).toBe(0)
      expect(await scene.stored(ref)).toBeUndefined()
      const { generation } = await sibling.use(ref)
      expect(await codeOf(sibling.replace(ref, generation))).toBe('ERR_PROCORE_NOT_CONNECTED')
      expect(await scene.stored(ref)).toBeUndefined()
    },
  )

  test('a refresh that outlives its lease does not bring it back either', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = act()
      scene.clock.advance(2 * 60_000)
      await manager.disconnect(ref)
      return tokens
    })
    expect(await codeOf(scene.process().use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect(await scene.stored(ref)).toBeUndefined()
    expect(scene.ledger.alive()).toBe(0)
  })

  test('a sign-in before the deletion counts: it is not deleted', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.ledger.nextRevoke.push(async (act) => {
      act()
      await scene.signIn(scene.process())
    })
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_DISCONNECT_FAILED')
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-2' })
    expect(scene.ledger.honours(new Secret('access-2'))).toBe(true)
    expect(scene.events).toEqual([])
  })

  test('a sign-in while a dead token is renewed counts: the renewed pair is revoked', async () => {
    const { scene, manager, ref } = await connectedScene()
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = act()
      await scene.signIn(scene.process())
      return tokens
    })
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_DISCONNECT_FAILED')
    expect(scene.ledger.revocations).toEqual(['access-2'])
    expect(scene.ledger.honours(new Secret('access-3'))).toBe(true)
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-3' })
  })

  test('two disconnects at once both succeed, and tell of it once', async () => {
    const { scene, manager, ref } = await connectedScene()
    await Promise.all([manager.disconnect(ref), scene.process().disconnect(ref)])
    expect(scene.eventNames()).toEqual(['disconnected'])
  })

  test('another process notices with its next rejected call', async () => {
    const { scene, manager, ref } = await connectedScene()
    const sibling = scene.process()
    const { generation } = await sibling.use(ref)
    await manager.disconnect(ref)
    expect(await codeOf(sibling.replace(ref, generation))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect(await sibling.isConnected(ref)).toBe(false)
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('it ends with an error when a lease is never given back', async () => {
    const { scene, ref } = await connectedScene()
    const clock = new TestClock()
    const stuck = { ...scene.store, acquireLease: async () => false }
    const manager = scene.process({
      clock,
      store: {
        ...stuck,
        get: (key) => scene.memory.get(key),
        put: (key, record, replaces) => scene.memory.put(key, record, replaces),
        delete: (key, generation) => scene.memory.delete(key, generation),
        releaseLease: async () => undefined,
        list: (prefix) => scene.memory.list(prefix),
      },
    })
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(await scene.stored(ref)).toBeDefined()
    expect(scene.ledger.revocations).toEqual([])
  })
})

test('a pair that the store refused before is revoked with the rest', async () => {
  const { scene, manager, ref } = await connectedScene()
  scene.clock.advance(2 * HOUR)
  scene.store.failAfter('put', 1)
  await rejection(manager.use(ref))
  expect(scene.ledger.refreshes).toEqual(['refresh-1'])
  scene.store.isDown = false
  await manager.disconnect(ref)
  expect(scene.ledger.alive()).toBe(0)
  expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
})
