import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.js'
import { LEASE_TTL_MS } from '../../src/tokens/lease.js'
import { GRACE_MS } from '../../src/tokens/refresh.js'
import { notSent, rejected } from '../support/core-ledger.js'
import { expiredScene, Scene } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

/** The clock of a scene, on which something happens during the grace time. */
function duringGrace(scene: Scene, act: () => Promise<void>): Clock {
  return {
    now: () => scene.clock.now(),
    sleep: async (ms) => {
      if (ms === GRACE_MS) await act()
      await scene.clock.sleep(ms)
    },
    pause: (ms, signal) => scene.clock.pause(ms, signal),
  }
}

describe('the intent of a refresh', () => {
  test('is stored before the POST, and gone with the pair it brings', async () => {
    const { scene, manager, ref } = await expiredScene()
    const before = await scene.stored(ref)
    let during: unknown
    scene.ledger.nextRefresh.push(async (act) => {
      during = await scene.stored(ref)
      return act()
    })
    await manager.use(ref)
    expect(during).toEqual({ ...before, refreshPending: { since: scene.clock.now() } })
    expect(await scene.stored(ref)).not.toHaveProperty('refreshPending')
  })

  test('that cannot be stored means that nothing is sent', async () => {
    const { scene, manager, ref } = await expiredScene()
    const before = await scene.stored(ref)
    scene.store.down.add('put')
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(await codeOf(manager.replace(ref, 'other'))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(scene.ledger.refreshes).toEqual([])
    expect(await scene.stored(ref)).toEqual(before)
    scene.store.isDown = false
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('that is refused again and again means that nothing is sent, and ends', async () => {
    const { scene, ref } = await expiredScene()
    let puts = 0
    const put = async () => {
      puts += 1
      return false
    }
    const manager = scene.process({ store: withMethods(scene.memory, { put }) })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(puts).toBe(10)
    expect(scene.ledger.refreshes).toEqual([])
  })

  test.each([notSent, () => rejected('invalid_client')])(
    'is taken back when Procore did not spend the token, so that nobody waits (%#)',
    async (failure) => {
      const { scene, manager, ref } = await expiredScene()
      const before = await scene.stored(ref)
      scene.ledger.nextRefresh.push(() => {
        throw failure()
      })
      expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
      expect(await scene.stored(ref)).toEqual(before)
      expect((await scene.process().use(ref)).accessToken.reveal()).toBe('access-2')
      expect(scene.clock.slept).toEqual([])
    },
  )

  test('that cannot be taken back costs the next call the grace time, and no more', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.store.failAfter('put', 1)
    scene.ledger.nextRefresh.push(() => {
      throw notSent()
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    scene.store.isDown = false
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.clock.slept).toEqual([GRACE_MS])
  })

  test('is not needed for a service account: nothing is spent by asking', async () => {
    const scene = new Scene()
    const manager = scene.process()
    await manager.use(manager.ref('client_credentials', 'service-account'))
    expect(scene.store.calls.filter((name) => name === 'put')).toHaveLength(1)
  })

  test('is forgotten with a sign-in: nobody waits', async () => {
    const { scene, manager, ref } = await expiredScene()
    await scene.interrupt(ref)
    await scene.signIn(manager)
    expect((await scene.process().use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.clock.slept).toEqual([])
    expect(scene.ledger.refreshes).toEqual([])
  })
})

describe('a refresh that a dead process left unfinished', () => {
  test('and did not send: it is sent exactly once, after the lease and the grace time', async () => {
    const { scene, manager, ref } = await expiredScene()
    await scene.interrupt(ref)
    const start = scene.clock.now()
    let sentAt = 0
    scene.ledger.nextRefresh.push((act) => {
      sentAt = scene.clock.now()
      return act()
    })
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(sentAt - start).toBeGreaterThanOrEqual(LEASE_TTL_MS + GRACE_MS)
    expect(scene.clock.slept.filter((ms) => ms === GRACE_MS)).toHaveLength(1)
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(await scene.stored(ref)).not.toHaveProperty('refreshPending')
  })

  test('and sent, on-use: it is sent exactly once more, and works', async () => {
    const { scene, manager, ref } = await expiredScene({ mode: 'on-use' })
    await scene.interrupt(ref)
    scene.ledger.nextRefresh.push((act) => {
      act()
      return act()
    })
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
    expect(scene.ledger.refreshes).toHaveLength(1)
  })

  test('and sent, strict: it is sent exactly once more; then the lost answer is named', async () => {
    const { scene, manager, ref } = await expiredScene()
    await scene.interrupt(ref)
    scene.ledger.nextRefresh.push((act) => {
      act()
      return act()
    })
    expect(await rejection(manager.use(ref))).toMatchObject({
      code: 'ERR_PROCORE_REAUTHORIZATION_REQUIRED',
      reason: 'lost-response',
    })
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(scene.eventNames()).toEqual(['reauthorization-required'])
    expect(await manager.status(ref)).toMatchObject({ reason: 'lost-response' })
  })

  test('and that comes late with its pair: the pair is adopted and nothing is sent', async () => {
    const { scene, ref } = await expiredScene()
    await scene.interrupt(ref)
    const clock = duringGrace(scene, () => scene.siblingWrites(ref, scene.ledger.issue(), 'late'))
    expect((await scene.process({ clock }).use(ref)).generation).toBe('late')
    expect(scene.ledger.refreshes).toEqual([])
    expect(scene.eventNames()).toEqual([])
  })

  test('and that is rejected late: its mark counts, and nothing is sent', async () => {
    const { scene, ref } = await expiredScene()
    await scene.interrupt(ref)
    const clock = duringGrace(scene, async () => {
      const { generation = '', ...row } = (await scene.stored(ref)) ?? {}
      const marked = { ...row, reauthorization: { reason: 'invalid_grant', since: 7 } }
      const record = { generation: String(generation), value: JSON.stringify(marked) }
      await scene.memory.put(ref.key, record, record.generation)
    })
    const error = await rejection(scene.process({ clock }).use(ref))
    expect(error).toMatchObject({ reason: 'invalid_grant', since: 7 })
    expect(scene.ledger.refreshes).toEqual([])
    expect(scene.eventNames()).toEqual([])
  })

  test('and that was disconnected meanwhile: nothing is sent', async () => {
    const { scene, ref } = await expiredScene()
    await scene.interrupt(ref)
    const clock = duringGrace(scene, async () => {
      const record = await scene.memory.get(ref.key)
      await scene.memory.delete(ref.key, record?.generation ?? '')
    })
    expect(await codeOf(scene.process({ clock }).use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('and that eight processes find: one of them sends, once', async () => {
    const { scene, ref } = await expiredScene()
    await scene.interrupt(ref)
    const processes = Array.from({ length: 8 }, () => scene.process())
    const used = await Promise.all(processes.map((one) => one.use(ref)))
    expect(new Set(used.map((token) => token.accessToken.reveal()))).toEqual(new Set(['access-2']))
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
  })

  test('stays unfinished when the one who takes over cannot send', async () => {
    const { scene, manager, ref } = await expiredScene()
    await scene.interrupt(ref)
    scene.ledger.nextRefresh.push(() => {
      throw notSent()
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(await scene.stored(ref)).toHaveProperty('refreshPending')
  })
})
