import { describe, expect, test } from 'vitest'
import { HOUR, MINUTE } from '../support/core-clock.js'
import { expiredScene } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'
import { UnreliableStore } from '../support/core-stores.js'

/** A process whose refresh is answered, and then stopped for a minute before the pair is stored. */
async function stoppedScene(meanwhile: 'marked' | 'rotated' | 'signed-in' | 'disconnected') {
  const mode = meanwhile === 'rotated' ? 'on-use' : 'strict'
  const { scene, manager, ref } = await expiredScene({ mode })
  const sibling = scene.process()
  scene.ledger.nextRefresh.push(async (act) => {
    const tokens = act()
    scene.clock.advance(MINUTE)
    if (meanwhile === 'marked') await rejection(sibling.use(ref))
    if (meanwhile === 'rotated') await sibling.use(ref)
    if (meanwhile === 'signed-in') await scene.signIn(sibling)
    if (meanwhile === 'disconnected') await sibling.disconnect(ref)
    return tokens
  })
  return { scene, manager, sibling, ref }
}

describe('a pair that comes late', () => {
  test('takes the place of its own predecessor, also where that was given up meanwhile', async () => {
    const { scene, manager, sibling, ref } = await stoppedScene('marked')
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.eventNames()).toEqual(['reauthorization-required', 'tokens-refreshed'])
    expect(await sibling.status(ref)).toMatchObject({ state: 'connected' })
    expect((await sibling.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.revocations).toEqual([])
    expect(await scene.stored(ref)).not.toHaveProperty('reauthorization')
  })

  test.each(['rotated', 'signed-in'] as const)(
    'gives way to what a sibling stored, and is revoked (%s)',
    async (meanwhile) => {
      const { scene, manager, ref } = await stoppedScene(meanwhile)
      expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
      expect(scene.ledger.revocations).toEqual(['access-2'])
      expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-3' })
    },
  )

  test('does not resurrect what was disconnected, and is revoked', async () => {
    const { scene, manager, ref } = await stoppedScene('disconnected')
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect(scene.ledger.revocations).toContain('access-2')
    expect(scene.ledger.alive()).toBe(0)
    expect(await scene.stored(ref)).toBeUndefined()
  })
})

describe('a pair that waits in memory for the store', () => {
  async function waitingScene(mode: 'strict' | 'on-use') {
    const { scene, ref } = await expiredScene({ mode })
    const store = new UnreliableStore(scene.memory)
    const manager = scene.process({ store })
    store.failAfter('put', 1)
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    return { scene, store, manager, ref }
  }

  test('is not used, and the store is tried for half a minute first', async () => {
    const { scene } = await waitingScene('strict')
    const waited = scene.clock.slept.reduce((sum, ms) => sum + ms, 0)
    expect(waited).toBeGreaterThan(25_000)
    expect(waited).toBeLessThanOrEqual(30_000)
    expect(scene.eventNames()).toEqual([])
  })

  test('is stored by the next call before anything else, and nothing is sent', async () => {
    const { scene, store, manager, ref } = await waitingScene('strict')
    store.isDown = false
    const calls = Array.from({ length: 100 }, () => manager.use(ref))
    const used = new Set((await Promise.all(calls)).map((token) => token.accessToken.reveal()))
    expect(used).toEqual(new Set(['access-2']))
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(scene.eventNames()).toEqual(['tokens-refreshed'])
  })

  test('is not waited for again while the store stays away', async () => {
    const { scene, manager, ref } = await waitingScene('strict')
    const slept = scene.clock.slept.length
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(scene.clock.slept).toHaveLength(slept)
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
  })

  test("gives way to a sibling's pair, and is revoked", async () => {
    const { scene, store, manager, ref } = await waitingScene('on-use')
    await scene.process().use(ref)
    store.isDown = false
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-3')
    expect(scene.ledger.revocations).toEqual(['access-2'])
    scene.clock.advance(2 * HOUR)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-4')
    expect(scene.ledger.revocations).toHaveLength(1)
  })
})
